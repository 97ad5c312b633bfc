package serve

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/toller-search/toller/edge"
)

// A refusal is an answer that isn't what was asked for, and why.
type refusal struct {
	kind    kind
	field   string // of the body, "" where it is none
	message string
}

// kind is what every dialect has a status and names of its own for.
type kind int

const (
	wrong        kind = iota // the request makes no sense
	empty                    // it has no texts
	unsupported              // toller can't do it
	tooLarge                 // the body, or too many texts
	tooSlow                  // the body didn't arrive
	mediaType                // the body isn't JSON
	unauthorized             // no token, or the wrong one
	forbidden                // from a page, or by a name, that may not
	notFound                 // no such path or index
	method                   // another method of a path that there is
	overloaded               // too many requests
	stopped                  // the server is going down, or the client has gone
	outOfTime                // it would take too long
	internal                 // the server's fault
)

// status is that of most dialects.
func (k kind) status() int {
	switch k {
	case tooLarge:
		return http.StatusRequestEntityTooLarge
	case tooSlow:
		return http.StatusRequestTimeout
	case mediaType:
		return http.StatusUnsupportedMediaType
	case unauthorized:
		return http.StatusUnauthorized
	case forbidden:
		return http.StatusForbidden
	case notFound:
		return http.StatusNotFound
	case method:
		return http.StatusMethodNotAllowed
	case overloaded:
		return http.StatusTooManyRequests
	case stopped:
		return http.StatusServiceUnavailable
	case outOfTime:
		return http.StatusGatewayTimeout
	case internal:
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

func refuse(k kind, format string, values ...any) *refusal {
	return &refusal{kind: k, message: fmt.Sprintf(format, values...)}
}

func invalid(field, format string, values ...any) *refusal {
	return &refusal{wrong, field, field + ": " + fmt.Sprintf(format, values...)}
}

// tooMuch refuses a field that is larger than a limit.
func tooMuch(field, format string, values ...any) *refusal {
	return &refusal{tooLarge, field, field + ": " + fmt.Sprintf(format, values...)}
}

// cannot refuses what a dialect has and toller hasn't.
func cannot(field, format string, values ...any) *refusal {
	return &refusal{unsupported, field, field + ": " + fmt.Sprintf(format, values...)}
}

// failed makes a refusal of an error of the work.
func (c *call) failed(err error) *refusal {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return refuse(outOfTime, "the answer takes longer than the %v that the server gives a request", c.server.limits.Work)
	case errors.Is(err, context.Canceled), errors.Is(err, edge.ErrClosed):
		return refuse(stopped, "the server is stopping")
	}
	c.server.log.Error("a request failed", "path", c.route.path, "error", err)
	return refuse(internal, "%v", err)
}
