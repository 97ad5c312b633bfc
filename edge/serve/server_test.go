package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/builtin"
)

var embedded = sync.OnceValues(func() (*edge.Model, error) { return builtin.Open() })

func model(t testing.TB) *edge.Model {
	t.Helper()
	m, err := embedded()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// start serves on a port of its own until the test ends.
func start(t testing.TB, o Options) (*Server, string) {
	t.Helper()
	s, err := New(model(t), o)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return s, h.URL
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func send(t testing.TB, r *http.Request) answer {
	t.Helper()
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, body}
}

func request(t testing.TB, method, url, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	return r
}

func post(t testing.TB, url, body string) answer {
	t.Helper()
	return send(t, request(t, http.MethodPost, url, body))
}

// read decodes an answer that must have this status.
func (a answer) read(t testing.TB, status int, into any) {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	if err := json.Unmarshal(a.body, into); err != nil {
		t.Fatalf("%v in %.500s", err, a.body)
	}
}

// quoted is texts as JSON.
func quoted(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// wanted is what toller rank gives.
func wanted(t testing.TB, query string, texts []string, opts ...edge.RankOption) []edge.Hit {
	t.Helper()
	hits, err := model(t).Rank(t.Context(), query, texts, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return hits
}

const question = "what slows bone loss?"

var few = []string{"Calcium and vitamin D slow bone loss.", "Rain is expected.", "Weight-bearing exercise keeps bones strong.", "", "Rain is expected."}

// abstracts are long enough for an answer to take a while.
func abstracts(t testing.TB, n int) []string {
	t.Helper()
	data, err := os.ReadFile("../../testdata/abstracts.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for line := range bytes.Lines(data) {
		var record struct{ Text string }
		if err := json.Unmarshal(line, &record); err != nil {
			t.Fatal(err)
		}
		if texts = append(texts, record.Text); len(texts) == n {
			break
		}
	}
	return texts
}

func TestGuard(t *testing.T) {
	_, open := start(t, Options{Hosts: []string{"toller.example"}, Origins: []string{"https://page.example"}})
	_, closed := start(t, Options{Token: "a-token-of-some-length"})
	tests := []struct {
		name   string
		url    string
		set    func(*http.Request)
		status int
	}{
		{"by address", open, func(*http.Request) {}, 200},
		{"by localhost", open, func(r *http.Request) { r.Host = "LOCALHOST.:8411" }, 200},
		{"by IPv6", open, func(r *http.Request) { r.Host = "[::1]:8411" }, 200},
		{"by IPv6 without a port", open, func(r *http.Request) { r.Host = "[::1]" }, 200},
		{"by a mapped address", open, func(r *http.Request) { r.Host = "[::ffff:127.0.0.1]:1" }, 200},
		{"by a name that is allowed", open, func(r *http.Request) { r.Host = "Toller.example:80" }, 200},
		{"by a rebound name", open, func(r *http.Request) { r.Host = "evil.example:8411" }, 403},
		{"by a name that begins well", open, func(r *http.Request) { r.Host = "127.0.0.1.evil.example" }, 403},
		{"by localhost in another domain", open, func(r *http.Request) { r.Host = "localhost.evil.example" }, 403},
		{"by an address of the network", open, func(r *http.Request) { r.Host = "192.168.1.7:8411" }, 403},
		{"from the page", open, func(r *http.Request) { r.Header.Set("Origin", "https://page.example") }, 200},
		{"from another page", open, func(r *http.Request) { r.Header.Set("Origin", "https://page.example.evil.example") }, 403},
		{"from its own origin", open, func(r *http.Request) { r.Header.Set("Origin", open) }, 403},
		{"from a file", open, func(r *http.Request) { r.Header.Set("Origin", "null") }, 403},
		{"an image of another page", open, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		{"typed into a browser", open, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "none") }, 200},
		{"no token", closed, func(*http.Request) {}, 401},
		{"wrong token", closed, func(r *http.Request) { r.Header.Set("Authorization", "Bearer a-token-of-some-lengtH") }, 401},
		{"no scheme", closed, func(r *http.Request) { r.Header.Set("Authorization", "a-token-of-some-length") }, 401},
		{"another scheme", closed, func(r *http.Request) { r.Header.Set("Authorization", "Basic a-token-of-some-length") }, 401},
		{"the token", closed, func(r *http.Request) { r.Header.Set("Authorization", "bearer a-token-of-some-length") }, 200},
		{"health needs none", closed, func(r *http.Request) { r.URL.Path, r.Method = "/health", "GET" }, 200},
		{"metrics need it", closed, func(r *http.Request) { r.URL.Path, r.Method = "/metrics", "GET" }, 401},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := request(t, http.MethodPost, test.url+"/v1/rerank", `{"query": "q", "documents": ["d"]}`)
			test.set(r)
			if a := send(t, r); a.status != test.status {
				t.Errorf("status %d, want %d: %s", a.status, test.status, a.body)
			} else if test.status == 401 && a.header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("headers %v", a.header)
			}
		})
	}
}

func TestPreflight(t *testing.T) {
	_, url := start(t, Options{Origins: []string{"https://page.example"}, Token: "secret"})
	ask := func(origin string) answer {
		r := request(t, http.MethodOptions, url+"/v1/search", "")
		r.Header.Set("Origin", origin)
		r.Header.Set("Access-Control-Request-Method", "POST")
		r.Header.Set("Access-Control-Request-Headers", "authorization, content-type")
		return send(t, r)
	}
	a := ask("https://page.example")
	if a.status != 204 || a.header.Get("Access-Control-Allow-Origin") != "https://page.example" ||
		a.header.Get("Access-Control-Allow-Headers") != "authorization, content-type" || a.header.Get("Vary") != "Origin" {
		t.Errorf("found %d, %v", a.status, a.header)
	}
	if a := ask("https://other.example"); a.status != 403 || a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("found %d, %v", a.status, a.header)
	}
}

func TestOptionsRefused(t *testing.T) {
	for name, o := range map[string]Options{
		"scale":       {Scores: "percent"},
		"origin":      {Origins: []string{"https://page.example/"}},
		"any origin":  {Origins: []string{"*"}},
		"host":        {Hosts: []string{"host:80"}},
		"negative":    {Limits: Limits{Body: -1}},
		"in flight":   {Limits: Limits{Body: 1 << 20, InFlight: 1 << 20}},
		"index names": {Indexes: []Index{{Name: "a"}, {Name: "a"}}},
	} {
		if _, err := New(model(t), o); err == nil {
			t.Errorf("%s: expected an error", name)
		}
	}
}

// A client that goes takes its work along.
func TestCancellation(t *testing.T) {
	s, url := start(t, Options{CacheBytes: -1})
	ctx, leave := context.WithCancel(t.Context())
	body := fmt.Sprintf(`{"query": %q, "documents": %s}`, question, quoted(abstracts(t, 200)))
	r := request(t, http.MethodPost, url+"/v1/rerank", body).WithContext(ctx)
	gone := make(chan error, 1)
	go func() {
		response, err := http.DefaultTransport.RoundTrip(r)
		if err == nil {
			response.Body.Close()
		}
		gone <- err
	}()
	count := func() (documents uint64, working int) {
		s.metrics.mu.Lock()
		defer s.metrics.mu.Unlock()
		return s.metrics.documents, s.metrics.working
	}
	waitFor(t, "work to begin", func() bool { n, _ := count(); return n > 0 })
	leave()
	if err := <-gone; err == nil {
		t.Fatal("200 abstracts were ranked before the client left")
	}
	waitFor(t, "work to end", func() bool { _, n := count(); return n == 0 })
	if text := string(send(t, request(t, http.MethodGet, url+"/metrics", "")).body); !strings.Contains(text, `path="/v1/rerank",status="499"} 1`) {
		t.Errorf("not counted as gone:\n%.600s", text)
	}
	before, _ := count()
	time.Sleep(200 * time.Millisecond)
	if after, _ := count(); after != before || after == 200 {
		t.Errorf("%d documents were encoded, then %d", before, after)
	}
	waitFor(t, "all memory to be given back", func() bool { return s.inFlight.Load() == 0 })
}

func waitFor(t testing.TB, what string, ready func() bool) {
	t.Helper()
	for begun := time.Now(); !ready(); time.Sleep(time.Millisecond) {
		if time.Since(begun) > 30*time.Second {
			t.Fatalf("waited too long for %s", what)
		}
	}
}

func TestLimits(t *testing.T) {
	limits := Limits{Body: 64 << 10, InFlight: 1 << 20, Documents: 10, DocumentTokens: 100, Tokens: 300, Vectors: 40, Receive: 300 * time.Millisecond}
	s, url := start(t, Options{Limits: limits})
	word := func(n int) string { return strings.Repeat("bone ", n) }
	tests := []struct {
		name, path, body string
		status           int
		says             string
	}{
		{"body", "/v1/rerank", `{"query": "` + word(20_000) + `"}`, 413, "larger than 65536 bytes"},
		{"documents", "/v1/rerank", `{"query": "q", "documents": ` + quoted(make([]string, 11)) + `}`, 413, "at most 10 texts, found more"},
		{"tokens", "/v1/rerank", `{"query": "q", "documents": ` + quoted([]string{word(200), word(200)}) + `}`, 413, "at most 300 tokens"},
		{"TEI's documents", "/rerank", `{"query": "q", "texts": ` + quoted(make([]string, 11)) + `}`, 413, "at most 10 texts"},
		{"a document's tokens", "/v2/rerank", `{"query": "q", "documents": ["d"], "max_tokens_per_doc": 101}`, 400, "from 0 to 100"},
		{"too few tokens", "/v2/rerank", `{"query": "q", "documents": ["d"], "max_tokens_per_doc": 2}`, 400, "tokens"},
		{"vectors", "/v1/embeddings", `{"input": "` + word(60) + `"}`, 413, "at most 40 tokens"},
		{"vectors of queries", "/v1/embeddings", `{"input_type": "query", "input": ` + quoted([]string{word(20), word(20)}) + `}`, 413, "at most 40 tokens"},
		{"whole", "/v1/rerank", `{"query": "q", "documents": ["d", "` + word(60) + `"], "truncate": false, "max_tokens_per_doc": 50}`, 400, "documents[1]"},
		{"a whole query", "/rerank", `{"query": "` + word(100) + `", "texts": ["d"], "truncate": false}`, 422, "query"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := post(t, url+test.path, test.body)
			if a.status != test.status || !strings.Contains(string(a.body), test.says) {
				t.Errorf("status %d, want %d and %q: %s", a.status, test.status, test.says, a.body)
			}
		})
	}
	waitFor(t, "all memory to be given back", func() bool { return s.inFlight.Load() == 0 })
}

// What a body says of its length is no reason to believe it, nor is its absence.
func TestBodyOfUnknownLength(t *testing.T) {
	_, url := start(t, Options{Limits: Limits{Body: 64 << 10, InFlight: 1 << 20}})
	r := request(t, http.MethodPost, url+"/v1/rerank", "")
	r.Body, r.ContentLength = io.NopCloser(io.LimitReader(endless{}, 1<<20)), -1
	if a := send(t, r); a.status != 413 {
		t.Errorf("status %d: %s", a.status, a.body)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// Whoever sends slowly is told to go, and holds up nobody.
func TestSlowBodies(t *testing.T) {
	_, url := start(t, Options{Limits: Limits{Receive: 300 * time.Millisecond}})
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			fmt.Fprintf(c, "POST /v1/rerank HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
			stop := make(chan struct{})
			defer close(stop)
			go func() {
				for range 1000 {
					select {
					case <-stop:
						return
					case <-time.After(20 * time.Millisecond):
						c.Write([]byte(" "))
					}
				}
			}()
			c.SetReadDeadline(time.Now().Add(20 * time.Second))
			told, _ := io.ReadAll(c)
			if !bytes.HasPrefix(told, []byte("HTTP/1.1 408")) || !bytes.Contains(told, []byte("took longer than 300ms")) {
				t.Errorf("found %.200q", told)
			}
		})
	}
	a := post(t, url+"/v1/rerank", `{"query": "q", "documents": ["d"]}`)
	if a.status != 200 {
		t.Errorf("beside them: %d %s", a.status, a.body)
	}
	all.Wait()
}

// A body that took long to come leaves its answer as much time as any other.
func TestDeadlineEndsWithBody(t *testing.T) {
	_, url := start(t, Options{Limits: Limits{Receive: 50 * time.Millisecond}, CacheBytes: -1})
	began := time.Now()
	a := post(t, url+"/v1/rerank", fmt.Sprintf(`{"query": %q, "documents": %s}`, question, quoted(abstracts(t, 20))))
	if took := time.Since(began); took < 100*time.Millisecond {
		t.Fatalf("an answer within %v shows nothing", took)
	}
	if a.status != 200 {
		t.Errorf("status %d: %s", a.status, a.body)
	}
}

func TestOverload(t *testing.T) {
	s, url := start(t, Options{Limits: Limits{Body: 64 << 10, InFlight: 256 << 10}})
	s.inFlight.Add(100 << 10) // somebody else's
	for _, path := range []string{"/v1/rerank", "/v1/embeddings"} {
		a := post(t, url+path, `{"query": "q", "documents": ["d"]}`)
		if a.status != 429 || a.header.Get("Retry-After") == "" || !strings.Contains(string(a.body), "try again later") {
			t.Errorf("status %d, %v: %s", a.status, a.header, a.body)
		}
	}
	s.inFlight.Add(-100 << 10)
	if a := post(t, url+"/v1/rerank", `{"query": "q", "documents": ["d"]}`); a.status != 200 {
		t.Errorf("status %d: %s", a.status, a.body)
	}
}

func TestTooManyRequests(t *testing.T) {
	s, url := start(t, Options{Limits: Limits{Requests: 1}})
	s.metrics.begin()
	if a := post(t, url+"/rerank", `{"query": "q", "texts": ["d"]}`); a.status != 429 {
		t.Errorf("status %d: %s", a.status, a.body)
	}
	for _, path := range []string{"/health", "/metrics"} {
		if a := send(t, request(t, http.MethodGet, url+path, "")); a.status != 200 {
			t.Errorf("%s of a busy server: status %d: %s", path, a.status, a.body)
		}
	}
}

func TestWorkTakesTooLong(t *testing.T) {
	_, url := start(t, Options{Limits: Limits{Work: time.Millisecond}})
	a := post(t, url+"/v1/rerank", fmt.Sprintf(`{"query": %q, "documents": %s}`, question, quoted(abstracts(t, 100))))
	if a.status != 504 || !strings.Contains(string(a.body), "longer than the 1ms") {
		t.Errorf("status %d: %s", a.status, a.body)
	}
}

func TestMethodsAndPaths(t *testing.T) {
	_, url := start(t, Options{})
	for path, r := range routesByPath() {
		method, allowed := http.MethodGet, http.MethodPost
		if r.plain != nil {
			method, allowed = allowed, method
		}
		a := send(t, request(t, method, url+path, "{}"))
		if a.status != 405 || a.header.Get("Allow") != allowed {
			t.Errorf("%s %s: status %d, %v", method, path, a.status, a.header)
		}
	}
	for _, path := range []string{"/", "/v1", "/v1/rerank/", "//v1/rerank", "/metrics/x", "/V1/rerank"} {
		if a := post(t, url+path, "{}"); a.status != 404 {
			t.Errorf("%s: status %d", path, a.status)
		}
	}
}

func routesByPath() map[string]*route {
	all := map[string]*route{}
	for i := range routes {
		all[routes[i].path] = &routes[i]
	}
	return all
}

func TestMetrics(t *testing.T) {
	_, url := start(t, Options{})
	post(t, url+"/v1/rerank", `{"query": "q", "documents": ["a", "b", "a"]}`)
	post(t, url+"/v1/rerank", `{"query": "q", "documents": ["a"]}`)
	post(t, url+"/v1/rerank", `{`)
	text := string(send(t, request(t, http.MethodGet, url+"/metrics", "")).body)
	for _, line := range []string{
		`toller_requests_total{path="/v1/rerank",status="200"} 2`,
		`toller_requests_total{path="/v1/rerank",status="400"} 1`,
		`toller_request_duration_seconds_count{path="/v1/rerank"} 3`,
		`toller_request_duration_seconds_bucket{path="/v1/rerank",le="+Inf"} 3`,
		"toller_documents_encoded_total 2",
		"toller_cache_hits_total 1",
		"toller_cache_misses_total 2",
		"toller_cache_documents 2",
		"toller_requests_in_flight 1",
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("lacks %s:\n%s", line, text)
		}
	}
}
