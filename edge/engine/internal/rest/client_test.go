package rest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// answers gives one answer after the other, the last again and again.
func answers(t *testing.T, list ...http.HandlerFunc) (address string, requests *int) {
	t.Helper()
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		n++
		list[min(n, len(list))-1](w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, &n
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "reason", code) }
}

func lost(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func fine(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"a": 1}`) }

func cut(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	io.WriteString(w, `{"a"`)
}

func TestAttempts(t *testing.T) {
	for _, test := range []struct {
		name     string
		list     []http.HandlerFunc
		requests int
		err      error
	}{
		{"fine", []http.HandlerFunc{fine}, 1, nil},
		{"busy", []http.HandlerFunc{status(429), status(503), status(502), fine}, 4, nil},
		{"lost", []http.HandlerFunc{lost, cut, fine}, 3, nil},
		{"refused", []http.HandlerFunc{status(400), fine}, 1, ErrRefused},
		{"refused later", []http.HandlerFunc{status(500), status(401), fine}, 2, ErrRefused},
		{"not there", []http.HandlerFunc{status(404), fine}, 1, ErrNotFound},
	} {
		t.Run(test.name, func(t *testing.T) {
			address, requests := answers(t, test.list...)
			c, err := New(address, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			var out struct{ A int }
			err = c.Eager().JSON(t.Context(), "POST", "/x", map[string]int{"b": 1}, &out)
			if !errors.Is(err, test.err) || test.err == nil && (err != nil || out.A != 1) || *requests != test.requests {
				t.Errorf("%d requests, %+v, %v", *requests, out, err)
			}
		})
	}
	c, err := New("http://user:secret@127.0.0.1:1", nil, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.JSON(t.Context(), "GET", "/x", nil, nil); !errors.Is(err, ErrAway) || strings.Contains(err.Error(), "secret") {
		t.Errorf("nobody there: %v", err)
	}
}

// busy is a server that always answers with status 503, and says after how many
// seconds to come back, if retry isn't empty. It needs no connection, so that the time
// in a test with it may be that of package synctest.
type busy struct {
	retry    string
	requests int
}

func (b *busy) RoundTrip(*http.Request) (*http.Response, error) {
	b.requests++
	w := httptest.NewRecorder()
	w.Header().Set("Retry-After", b.retry)
	http.Error(w, "reason", http.StatusServiceUnavailable)
	return w.Result(), nil
}

func TestPatience(t *testing.T) {
	for _, test := range []struct {
		wait         time.Duration
		retry        string
		least, most  time.Duration // until it fails
		fewest, many int           // requests
	}{
		{0, "", 50 * time.Second, time.Minute, 11, 17},               // pauses from 0.2 to 10 seconds, up to half of each less
		{time.Second, "", 350 * time.Millisecond, time.Second, 4, 5}, // from 0.1 seconds
		{10 * time.Second, "3", 9 * time.Second, 9 * time.Second, 4, 4},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, err := New("http://user:secret@engine", nil, test.wait)
			if err != nil {
				t.Fatal(err)
			}
			server := &busy{retry: test.retry}
			c.http.Transport = server
			began := time.Now()
			err = c.JSON(t.Context(), "GET", "/x", nil, nil)
			if Status(err) != 503 || !strings.Contains(err.Error(), "reason") || strings.Contains(err.Error(), "secret") {
				t.Errorf("%v", err)
			}
			if took := time.Since(began); took < test.least || took > test.most || server.requests < test.fewest || server.requests > test.many {
				t.Errorf("wait %v, retry after %q: %d requests in %v", test.wait, test.retry, server.requests, took)
			}
		})
	}
}

func TestContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := New("http://engine", nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		c.http.Transport = &busy{retry: "30"}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		began := time.Now()
		if err := c.JSON(ctx, "GET", "/x", nil, nil); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 50*time.Millisecond {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}

func TestMatrix(t *testing.T) {
	m := Matrix{Data: []float32{1, -0.1, 1e-9, 3.4028235e38}, Dim: 2}
	text, err := m.MarshalJSON()
	if err != nil || string(text) != `[[1,-0.1],[1e-09,3.4028235e+38]]` {
		t.Fatalf("%s, %v", text, err)
	}
	var back Matrix
	if err := back.UnmarshalJSON(text); err != nil || back.Dim != 2 || len(back.Data) != 4 || back.Data[1] != -0.1 || back.Data[3] != 3.4028235e38 {
		t.Errorf("%+v, %v", back, err)
	}
	for _, bad := range []string{`[[1],[1,2]]`, `[1]`, `{}`} {
		if err := back.UnmarshalJSON([]byte(bad)); err == nil {
			t.Errorf("%s is read", bad)
		}
	}
	if _, err := (Matrix{Data: []float32{1, 2, 3}, Dim: 2}).MarshalJSON(); err == nil {
		t.Error("a row and a half is written")
	}
}
