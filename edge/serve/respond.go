package serve

import (
	"bufio"
	"errors"
	"net/http"
	"strconv"
	"strings"
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
	out := bufio.NewWriterSize(c.patient(), 64<<10)
	// What comes from outside, such as a header in a message, needn't be UTF-8.
	err := json.MarshalWrite(out, answer, jsontext.AllowInvalidUTF8(true))
	if err == nil {
		out.WriteByte('\n')
		err = out.Flush()
	}
	if err != nil {
		if c.request.Context().Err() == nil {
			c.server.log.Info("an answer was not taken", "path", c.route.path, "error", err)
		}
		panic(http.ErrAbortHandler) // a part of an answer must not look like all of it
	}
}

// refuse answers in the dialect's shape.
func (c *call) refuse(r *refusal) {
	if r.kind == tooSlow || r.kind == tooLarge || r.kind == overloaded {
		// The rest of the body isn't read.
		c.writer.Header().Set("Connection", "close")
	}
	brief := *r
	brief.message, brief.field = shortened(r.message), shortened(r.field)
	status, body := c.shape(&brief)
	c.respond(status, body)
}

// shortened is a text without its middle, if it is long: some repeat what was sent.
func shortened(text string) string {
	const head, tail = 700, 300
	if len(text) <= head+tail {
		return text
	}
	return strings.ToValidUTF8(text[:head], "") + " … " + strings.ToValidUTF8(text[len(text)-tail:], "")
}

// patient gives the client the same time for each piece of an answer. Each is on its
// way when Write returns: net/http would send the rest without a deadline.
type patient struct {
	http.ResponseWriter
	control *http.ResponseController
	time    time.Duration
}

func (c *call) patient() *patient {
	return &patient{c.writer, http.NewResponseController(c.writer), c.server.limits.Send}
}

func (p *patient) Write(piece []byte) (int, error) {
	p.control.SetWriteDeadline(time.Now().Add(p.time))
	defer p.control.SetWriteDeadline(time.Time{})
	n, err := p.ResponseWriter.Write(piece)
	if err == nil {
		if err = p.control.Flush(); errors.Is(err, http.ErrNotSupported) {
			err = nil
		}
	}
	return n, err
}
