package hub

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	maxRedirects = 10
	maxTries     = 5 // in a row that get nowhere
	maxWait      = 2 * time.Minute
)

// client asks a hub.
type client struct {
	http     *http.Client
	endpoint *url.URL
	token    string
	silence  time.Duration // after which an answer is given up
	pause    time.Duration // before the second try; doubled before each further one
}

func (h *Hub) client() (*client, error) {
	endpoint, err := h.endpoint()
	if err != nil {
		return nil, err
	}
	c := &client{endpoint: endpoint, token: h.Token, silence: h.Timeout, pause: h.pause}
	if c.silence <= 0 {
		c.silence = defaultTimeout
	}
	if c.pause <= 0 {
		c.pause = time.Second
	}
	c.http = &http.Client{
		Transport:     h.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// answer is what came of a request: of the last address of a chain of redirects.
type answer struct {
	*http.Response
	header http.Header // of the hub's own answers in the chain, the last that has a key
}

// send asks once. Redirects are followed: all of them, or with head only within the
// hub, whose own answer says what a file is. The token stays there.
func (c *client) send(ctx context.Context, method, address string, header http.Header) (*answer, error) {
	ctx, watch := newWatch(ctx, c.silence)
	a, err := c.follow(ctx, method, address, header)
	if err != nil {
		watch.end()
		return nil, passing(watch.reason(ctx, err))
	}
	a.Body = &watched{a.Body, watch, ctx}
	return a, nil
}

func (c *client) follow(ctx context.Context, method, address string, header http.Header) (*answer, error) {
	at, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	seen := http.Header{}
	for range maxRedirects {
		request, err := http.NewRequestWithContext(ctx, method, at.String(), nil)
		if err != nil {
			return nil, err
		}
		for key, values := range header {
			request.Header[key] = values
		}
		request.Header.Set("User-Agent", "toller")
		request.Header.Set("Accept-Encoding", "identity")
		own := sameOrigin(at, c.endpoint)
		if own && c.token != "" {
			request.Header.Set("Authorization", "Bearer "+c.token)
		}
		response, err := c.http.Do(request)
		if err != nil {
			return nil, plain(err, at)
		}
		if own {
			maps.Copy(seen, response.Header)
		}
		to := response.Header.Get("Location")
		if response.StatusCode < 300 || response.StatusCode > 399 || to == "" {
			return &answer{response, seen}, nil
		}
		next, err := at.Parse(to)
		switch {
		case err != nil || next.Scheme != "https" && next.Scheme != "http" || next.Host == "":
			err = fmt.Errorf("%s redirects to %q, which is no address", at.Host, clean(to))
		case at.Scheme == "https" && next.Scheme == "http":
			err = fmt.Errorf("%s redirects from https to http at %s: refused", at.Host, next.Host)
		case method == http.MethodHead && !sameOrigin(next, c.endpoint):
			return &answer{response, seen}, nil
		}
		response.Body.Close()
		if err != nil {
			return nil, &final{err}
		}
		at = next
	}
	return nil, &final{fmt.Errorf("%s: more than %d redirects", c.endpoint.Host, maxRedirects)}
}

// sameOrigin reports whether two addresses are of the same server.
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// plain is a failed request's error without the address, which may be signed and
// isn't for logs.
func plain(err error, at *url.URL) error {
	if inner := (*url.Error)(nil); errors.As(err, &inner) {
		err = inner.Err
	}
	return fmt.Errorf("%s: %w", at.Host, err)
}

// transient is an error that another try may not meet.
type transient struct {
	error
	wait time.Duration // that the hub asks for; 0 where it doesn't
}

func (t *transient) Unwrap() error { return t.error }

// final is an error that every try would meet.
type final struct{ error }

func (f *final) Unwrap() error { return f.error }

// passing says that another try may help, unless it is known that it won't.
func passing(err error) error {
	if errors.As(err, new(*final)) || errors.As(err, new(*transient)) {
		return err
	}
	if dns := (*net.DNSError)(nil); errors.As(err, &dns) && dns.IsNotFound || errors.As(err, new(*tls.CertificateVerificationError)) {
		return &final{err}
	}
	return &transient{error: err}
}

// retryAfter reads a Retry-After: seconds, or a date.
func retryAfter(r *http.Response) time.Duration {
	text := r.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil && seconds > 0 {
		return time.Duration(min(seconds, 1<<30)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// retry calls try until it succeeds, fails for good, or has got nowhere several
// times in a row. try reports whether it got anywhere.
func (c *client) retry(ctx context.Context, try func() (got bool, err error)) error {
	waited := time.Duration(0)
	for failed := 0; ; {
		got, err := try()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		t := (*transient)(nil)
		if errors.As(err, new(*final)) || !errors.As(err, &t) {
			return err
		}
		if got {
			failed, waited = 0, 0
		}
		if failed++; failed == maxTries {
			return &final{fmt.Errorf("%w; tried %d times", err, failed)}
		}
		wait := t.wait
		if wait == 0 {
			wait = c.pause << (failed - 1)
			wait += rand.N(wait/4 + 1) // not all clients at the same moment
		}
		if waited += wait; waited > maxWait {
			return &final{fmt.Errorf("%w; it asks to wait %v, and no more than %v are waited in all", err, wait.Round(time.Second), maxWait)}
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// ask sends a request until it is answered with 200 OK. For HEAD a redirect to
// another host is an answer, too.
func (c *client) ask(ctx context.Context, repo Repo, method, address string) (*answer, error) {
	var a *answer
	err := c.retry(ctx, func() (bool, error) {
		var err error
		if a, err = c.send(ctx, method, address, nil); err != nil {
			return false, err
		}
		if a.StatusCode == http.StatusOK || method == http.MethodHead && a.StatusCode >= 300 && a.StatusCode <= 399 {
			return true, nil
		}
		defer a.Body.Close()
		return false, c.refused(a, repo)
	})
	return a, err
}

// refused is the error of an answer that is none.
func (c *client) refused(a *answer, repo Repo) error {
	err, passes := c.refusal(a.Response, repo)
	if passes {
		return &transient{err, retryAfter(a.Response)}
	}
	return err
}

// errSilent is why an answer was given up.
var errSilent = errors.New("nothing came")

// watch ends a context when nothing has come for a while.
type watch struct {
	limit  time.Duration
	timer  *time.Timer
	cancel context.CancelCauseFunc
}

func newWatch(ctx context.Context, limit time.Duration) (context.Context, *watch) {
	ctx, cancel := context.WithCancelCause(ctx)
	return ctx, &watch{limit, time.AfterFunc(limit, func() { cancel(errSilent) }), cancel}
}

func (w *watch) end() {
	w.timer.Stop()
	w.cancel(nil)
}

// reason is the error that one met, or why it was brought about.
func (w *watch) reason(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errSilent) {
		return fmt.Errorf("%w for %v", errSilent, w.limit)
	}
	return err
}

// watched is the body of an answer; each byte of it keeps the watch quiet.
type watched struct {
	io.ReadCloser
	watch *watch
	ctx   context.Context
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if n > 0 {
		w.watch.timer.Reset(w.watch.limit)
	}
	if err != nil && err != io.EOF {
		err = w.watch.reason(w.ctx, err)
	}
	return n, err
}

func (w *watched) Close() error {
	w.watch.end()
	return w.ReadCloser.Close()
}
