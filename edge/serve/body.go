package serve

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"
)

// take has a request use bytes of the memory that all requests share, until it is
// answered.
func (c *call) take(bytes int64) *refusal {
	if c.server.inFlight.Add(bytes) > c.server.limits.InFlight {
		c.server.inFlight.Add(-bytes)
		return refuse(overloaded, "the server is busy with as much as it may hold, %d bytes: try again later", c.server.limits.InFlight)
	}
	c.taken += bytes
	return nil
}

// giveBack returns what the request has used.
func (c *call) giveBack() {
	c.server.inFlight.Add(-c.taken)
	c.taken = 0
}

// copies is how often a text is held: in the body, in its fields, in the elements of
// an array, and as it is encoded.
const copies = 4

// read reads the body.
func (c *call) read() ([]byte, *refusal) {
	r, limits := c.request, c.server.limits
	if content := r.Header.Get("Content-Type"); content != "" {
		kind, parameters, err := mime.ParseMediaType(content)
		if err != nil || kind != "application/json" && !strings.HasSuffix(kind, "+json") {
			return nil, refuse(mediaType, "Content-Type: expected application/json, found %q", content)
		}
		if set := parameters["charset"]; set != "" && !strings.EqualFold(set, "utf-8") {
			return nil, refuse(mediaType, "Content-Type: expected the charset utf-8, found %q", set)
		}
	}
	if coding := r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return nil, refuse(mediaType, "Content-Encoding: expected none, found %q", coding)
	}
	if r.ContentLength > limits.Body {
		return nil, c.tooLong()
	}
	var body bytes.Buffer
	from := http.MaxBytesReader(c.writer, r.Body, limits.Body)
	for {
		const piece = 64 << 10
		if bad := c.take(copies * piece); bad != nil {
			return nil, bad
		}
		_, err := io.CopyN(&body, from, piece)
		switch {
		case err == io.EOF:
			// Reading goes on in the background, to notice when the client goes.
			c.readUntil(time.Time{})
			return body.Bytes(), nil
		case errors.As(err, new(*http.MaxBytesError)):
			return nil, c.tooLong()
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil, refuse(tooSlow, "the body took longer than %v to arrive", limits.Receive)
		case err != nil:
			return nil, refuse(wrong, "the body ends too early: %v", err)
		}
	}
}

// readUntil sets when reading from the client ends. It holds as well for what net/http
// reads of a body that nobody wanted, before it takes the next request.
func (c *call) readUntil(t time.Time) { http.NewResponseController(c.writer).SetReadDeadline(t) }

func (c *call) tooLong() *refusal {
	return refuse(tooLarge, "the body is larger than %d bytes", c.server.limits.Body)
}
