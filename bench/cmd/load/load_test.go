package main

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/toller-search/toller/edge/builtin"
	"github.com/toller-search/toller/edge/serve"
)

// Every kind of request gets the answer that it should.
func TestTraffic(t *testing.T) {
	m, err := builtin.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s, err := serve.New(m, serve.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	defer h.Close()
	texts, err := readTexts("../../../testdata/abstracts.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	r, err := newTraffic(h.URL, texts, 64).run(t.Context(), 300*time.Millisecond, 2500*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	r.print(&out)
	t.Log("\n" + out.String())
	if r.unexpected() > 0 {
		t.Error("expected no unexpected answers")
	}
	for _, kind := range []string{"queries alone", "queries beside", "reranks", "longs", "bads"} {
		if r.kinds[kind] == nil {
			t.Errorf("no answers of kind %s", kind)
		}
	}
	if len(r.memory) < 2 || r.goroutines[0] == 0 {
		t.Errorf("found memory %v, goroutines %v", r.memory, r.goroutines)
	}
}

func TestReport(t *testing.T) {
	r := report{kinds: map[string]*samples{}, together: 10 * time.Second}
	for i := range 100 {
		r.add("reranks", time.Duration(100-i)*time.Millisecond, nil)
	}
	r.add("bads", time.Millisecond, errors.New("status 200"))
	var out strings.Builder
	r.print(&out)
	for _, part := range []string{"| reranks | 100 | 51.0 ms | 100.0 ms | 100.0 ms | 0 |", "| bads | 1 | 1.0 ms | 1.0 ms | 1.0 ms | 1 |", "200.0 passages/s", "Unexpected in bads: status 200"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("lacks %q:\n%s", part, out.String())
		}
	}
	if r.unexpected() != 1 {
		t.Errorf("found %d unexpected", r.unexpected())
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"--toller", "x", "--seconds", "1"}, {"--toller", "x", "y"}, {"--bogus"}} {
		if code := run(t.Context(), args, new(strings.Builder), new(strings.Builder)); code != exitUsage {
			t.Errorf("%q: exit code %d", args, code)
		}
	}
	if code := run(t.Context(), []string{"--toller", "/nonexistent", "--texts", "../../../testdata/abstracts.jsonl"}, new(strings.Builder), new(strings.Builder)); code != exitFailure {
		t.Errorf("exit code %d", code)
	}
}

// Two servers in turns get the same passages, and other scores are noticed.
func TestBeside(t *testing.T) {
	m, err := builtin.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	texts := []string{"Bone loss is slowed by exercise.", "Calcium.", "Rain."}
	server := func(seen *[]string, distort func(string) string) *traffic {
		s, err := serve.New(m, serve.Options{})
		if err != nil {
			t.Fatal(err)
		}
		h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			*seen = append(*seen, string(body))
			r.Body = io.NopCloser(strings.NewReader(distort(string(body))))
			s.ServeHTTP(w, r)
		}))
		t.Cleanup(h.Close)
		return newTraffic(h.URL, texts, 16)
	}
	same := func(body string) string { return body }
	var first, second []string
	b := beside{rounds: 3, requests: 2, contenders: [2]*contender{
		{name: "one", traffic: server(&first, same)}, {name: "other", traffic: server(&second, same)}}}
	if err := b.run(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if len(first) != 7 || !slices.Equal(first, second) {
		t.Errorf("sent %d and %d requests, equal: %v", len(first), len(second), slices.Equal(first, second))
	}
	slices.Sort(first)
	if len(slices.Compact(first)) != 7 {
		t.Error("a request was sent twice")
	}
	var out strings.Builder
	b.print(&out, 1)
	t.Log("\n" + out.String())
	if !strings.Contains(out.String(), "| one over other |") {
		t.Error("the ratio is missing")
	}

	b.contenders[1].traffic = server(&second, func(body string) string { return strings.ReplaceAll(body, "bone loss", "rain") })
	if err := b.run(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "not the same checkpoint") {
		t.Errorf("found %v", err)
	}
}
