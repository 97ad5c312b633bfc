package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A Client sends requests to one server.
type Client struct {
	base   *url.URL
	header http.Header
	http   *http.Client
	wait   time.Duration // in all, between attempts
	first  time.Duration // before the second attempt
}

// Bounds of a [Client]'s requests.
const (
	// usualWait is how long a request is tried again before it fails.
	usualWait = time.Minute
	// maxFirst is the longest time before the second attempt, maxPause that before
	// any other.
	maxFirst = 200 * time.Millisecond
	maxPause = 10 * time.Second
	// attempt is how long one attempt may take.
	attempt = 5 * time.Minute
	// maxAnswer is how many bytes an answer may have.
	maxAnswer = 512 << 20
	// maxReason is how many bytes of a refusal are quoted.
	maxReason = 400
)

// New returns a client of the server at an address, such as
// http://localhost:6333. A user and password in it are sent as basic
// authentication, a path stands before that of each request. What fails is tried again
// for as long as wait; 0: a minute.
func New(address string, header http.Header, wait time.Duration) (*Client, error) {
	base, err := url.Parse(address)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" || base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("engine address: expected one like http://localhost:6333, found %s", redacted(base))
	}
	base.Path = strings.TrimRight(base.Path, "/")
	if wait <= 0 {
		wait = usualWait
	}
	return &Client{base: base, header: header, http: &http.Client{Timeout: attempt}, wait: wait, first: min(wait/10, maxFirst)}, nil
}

// redacted is an address without its password.
func redacted(base *url.URL) string {
	if base == nil {
		return "one that can't be read"
	}
	return strconv.Quote(base.Redacted())
}

// Eager returns the client with almost no time before the second attempt, for tests.
func (c *Client) Eager() *Client {
	eager := *c
	eager.first = time.Microsecond
	return &eager
}

// A StatusError is an answer with another status than 2xx.
type StatusError struct {
	Method, URL string
	Status      int
	Reason      string // the beginning of the body
}

func (e *StatusError) Error() string {
	text := fmt.Sprintf("%v: %s %s: status %d: %s", ErrRefused, e.Method, e.URL, e.Status, e.Reason)
	if e.Is(ErrNotFound) {
		text = fmt.Sprintf("%v: %s", ErrNotFound, text)
	}
	return text
}

// Is says that the error is one of [ErrRefused], and with status 404 of [ErrNotFound].
func (e *StatusError) Is(target error) bool {
	return target == ErrRefused || target == ErrNotFound && e.Status == http.StatusNotFound
}

// Status is the status of an answer that an error is about; 0 if it is about
// something else.
func Status(err error) int {
	var s *StatusError
	if errors.As(err, &s) {
		return s.Status
	}
	return 0
}

// ErrAway is wrapped where no answer came, ErrRefused where one has another status
// than 2xx, and with it ErrNotFound where that is 404.
var (
	ErrAway     = errors.New("the engine doesn't answer")
	ErrRefused  = errors.New("the engine refused the request")
	ErrNotFound = errors.New("there is no such collection")
)

// JSON sends a value as JSON, nothing if it is nil, and reads the answer into out,
// unless that is nil. path is escaped already, and may have a query.
func (c *Client) JSON(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
	}
	return c.Send(ctx, method, path, "application/json", body, out)
}

// Send is [Client.JSON] with a body of any kind.
func (c *Client) Send(ctx context.Context, method, path, kind string, body []byte, out any) error {
	return c.Again(ctx, func() (again bool, least time.Duration, err error) {
		return c.once(ctx, method, path, kind, body, out)
	})
}

// Again calls try at growing intervals until it says that it needn't be called again,
// or the time for that is over, and returns its last error; least is how long to wait
// at least. When the context ends meanwhile it returns the context's error.
func (c *Client) Again(ctx context.Context, try func() (again bool, least time.Duration, err error)) error {
	pause := c.first
	for deadline := time.Now().Add(c.wait); ; pause = min(2*pause, maxPause) {
		again, least, err := try()
		if err == nil || !again {
			return err
		}
		// Half of it by chance, so that many clients don't come back at once.
		delay := max(least, pause/2+rand.N(pause/2+1))
		if time.Now().Add(delay).After(deadline) {
			return err
		}
		timer := time.NewTimer(delay)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// Busy says whether a status means that the same request may succeed later.
func Busy(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// once sends a request once. again says whether it may be sent again, least after
// how long.
func (c *Client) once(ctx context.Context, method, path, kind string, body []byte, out any) (again bool, least time.Duration, err error) {
	address := c.base.String() + path
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return false, 0, fmt.Errorf("%s %s: %w", method, c.base.Redacted()+path, err)
	}
	for name, values := range c.header {
		req.Header[name] = values
	}
	if body != nil {
		req.Header.Set("Content-Type", kind)
	}
	answer, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return false, 0, ctx.Err()
		}
		return true, 0, fmt.Errorf("%w: %w", ErrAway, err) // which names the address without a password
	}
	defer answer.Body.Close()
	limited := io.LimitReader(answer.Body, maxAnswer+1)
	if answer.StatusCode/100 != 2 {
		text, _ := io.ReadAll(io.LimitReader(limited, maxReason))
		seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
		return Busy(answer.StatusCode), time.Duration(max(0, min(seconds, 60))) * time.Second, &StatusError{
			Method: method, URL: c.base.Redacted() + path, Status: answer.StatusCode,
			Reason: strings.ToValidUTF8(strings.TrimSpace(string(text)), "\uFFFD"),
		}
	}
	text, err := io.ReadAll(limited)
	switch {
	case ctx.Err() != nil:
		return false, 0, ctx.Err()
	case err != nil: // cut off
		return true, 0, fmt.Errorf("%s %s: %w: %w", method, c.base.Redacted()+path, ErrAway, err)
	case len(text) > maxAnswer:
		return false, 0, fmt.Errorf("%s %s: expected an answer of at most %d bytes", method, c.base.Redacted()+path, maxAnswer)
	case out == nil:
		return false, 0, nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return false, 0, fmt.Errorf("%s %s: the answer: %w", method, c.base.Redacted()+path, err)
	}
	return false, 0, nil
}
