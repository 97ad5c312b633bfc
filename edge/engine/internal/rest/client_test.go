package rest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
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
	} {
		t.Run(test.name, func(t *testing.T) {
			address, requests := answers(t, test.list...)
			c, err := New(address, nil)
			if err != nil {
				t.Fatal(err)
			}
			var out struct{ A int }
			err = c.Patience(time.Minute, time.Millisecond).JSON(t.Context(), "POST", "/x", map[string]int{"b": 1}, &out)
			if !errors.Is(err, test.err) || test.err == nil && (err != nil || out.A != 1) || *requests != test.requests {
				t.Errorf("%d requests, %+v, %v", *requests, out, err)
			}
		})
	}
}

func TestPatienceEnds(t *testing.T) {
	address, requests := answers(t, status(503))
	c, err := New(strings.Replace(address, "://", "://user:secret@", 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	err = c.Patience(100*time.Millisecond, 10*time.Millisecond).JSON(t.Context(), "GET", "/x", nil, nil)
	if Status(err) != 503 || !strings.Contains(err.Error(), "reason") || strings.Contains(err.Error(), "secret") || *requests < 2 {
		t.Errorf("%d requests: %v", *requests, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := c.JSON(ctx, "GET", "/x", nil, nil); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > time.Second {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
	c, err = New("http://user:secret@127.0.0.1:1", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Patience(time.Millisecond, time.Millisecond).JSON(t.Context(), "GET", "/x", nil, nil); !errors.Is(err, ErrAway) || strings.Contains(err.Error(), "secret") {
		t.Errorf("nobody there: %v", err)
	}
}

func TestRetryAfter(t *testing.T) {
	address, _ := answers(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "1")
		status(429)(w, r)
	}, fine)
	c, err := New(address, nil)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := c.Patience(time.Minute, time.Millisecond).JSON(t.Context(), "GET", "/x", nil, nil); err != nil || time.Since(began) < time.Second {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
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
