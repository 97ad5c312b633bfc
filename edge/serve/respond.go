package serve

import (
	"bufio"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// respond writes an answer as JSON, piece by piece. A client that has gone, or that
// takes nothing, ends it; nobody is left to be told.
func (c *call) respond(status int, answer any) {
	h := c.writer.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		h.Set("Retry-After", strconv.Itoa(1))
	}
	c.status = status
	c.writer.WriteHeader(status)
	out := bufio.NewWriterSize(&patient{c.writer, http.NewResponseController(c.writer), c.server.limits.Send}, 64<<10)
	// What comes from outside, such as a header in a message, needn't be UTF-8.
	err := json.MarshalWrite(out, answer, jsontext.AllowInvalidUTF8(true))
	if err == nil {
		out.WriteByte('\n')
		err = out.Flush()
	}
	if err != nil && c.request.Context().Err() == nil {
		c.server.log.Info("an answer was not taken", "path", c.route.path, "error", err)
	}
}

// refuse answers in the dialect's shape.
func (c *call) refuse(r *refusal) {
	if r.kind == tooSlow || r.kind == tooLarge || r.kind == overloaded {
		// The rest of the body isn't read.
		c.writer.Header().Set("Connection", "close")
	}
	status, body := c.shape(r)
	c.respond(status, body)
}

// patient gives the client the same time for each piece of an answer.
type patient struct {
	http.ResponseWriter
	control *http.ResponseController
	time    time.Duration
}

func (p *patient) Write(piece []byte) (int, error) {
	p.control.SetWriteDeadline(time.Now().Add(p.time))
	n, err := p.ResponseWriter.Write(piece)
	p.control.SetWriteDeadline(time.Time{})
	return n, err
}
