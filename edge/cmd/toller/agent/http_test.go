package agent

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const secret = "a-token-of-some-length"

// listen serves over HTTP until the test ends, and returns the URL.
func listen(t *testing.T, s *Server, token string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, listener, token) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	})
	return "http://" + listener.Addr().String() + Path
}

// bearer sends a token along.
type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(r)
}

func TestHTTP(t *testing.T) {
	s := both(t)
	for _, token := range []string{"", secret} {
		url := listen(t, s, token)
		client := http.DefaultClient
		if token != "" {
			client = &http.Client{Transport: bearer(token)}
		}
		for _, version := range []string{"2025-03-26", "2025-11-25", "2026-07-28"} {
			var r reports
			c := dial(t, &mcp.StreamableClientTransport{Endpoint: url, HTTPClient: client}, version, r.options())
			if hits := answer[searchResult](t, c, "search", arguments{"query": boneQuestion, "k": 2}).Hits; len(hits) != 2 {
				t.Errorf("found %+v", hits)
			}
			if token == "" {
				checkCancel(t, s, c)
				if version != "2025-03-26" {
					checkProgress(t, c, &r)
				}
			}
			c.Close()
			eventually(t, version+": sessions are left", func() bool { return openSessions(s) == 0 })
		}
	}
}

const pingBody = `{"jsonrpc":"2.0","id":1,"method":"ping"}`

// post sends a request with the headers that one must have, and others.
func post(t *testing.T, url, body string, headers ...string) (int, string) {
	t.Helper()
	answered, text := posted(t, url, body, headers...)
	return answered.StatusCode, text
}

// posted is post with all of the answer, whose body has been read.
func posted(t *testing.T, url, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(text)
}

func TestHTTPGuards(t *testing.T) {
	s := both(t)
	url, guarded := listen(t, s, ""), listen(t, s, secret)
	large := `{"x":"` + strings.Repeat("y", messageBytes) + `"}`
	for _, test := range []struct {
		name, url, body string
		headers         []string
		status          int
	}{
		{"ping", url, pingBody, nil, 200},
		{"another host", url, pingBody, []string{"Host", "evil.example"}, 403},
		{"another host that looks like this one", url, pingBody, []string{"Host", "127.0.0.1.evil.example:80"}, 403},
		{"localhost", url, pingBody, []string{"Host", "localhost:80"}, 200},
		{"web page", url, pingBody, []string{"Origin", "https://evil.example"}, 403},
		{"web page of another port", url, pingBody, []string{"Origin", "http://localhost:3000"}, 403},
		{"web page, by another sign", url, pingBody, []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"rebound page", url, pingBody, []string{"Host", "evil.example", "Origin", "http://evil.example"}, 403},
		{"no token", guarded, pingBody, nil, 401},
		{"wrong token", guarded, pingBody, []string{"Authorization", "Bearer " + secret + "x"}, 401},
		{"wrong scheme", guarded, pingBody, []string{"Authorization", "Basic " + secret}, 401},
		{"token", guarded, pingBody, []string{"Authorization", "Bearer " + secret}, 200},
		{"large", url, large, nil, 413},
		{"large, of the new protocol", url, large, []string{"Mcp-Protocol-Version", "2026-07-28"}, 413},
		{"no JSON", url, "garbage", nil, 400},
		{"no body", url, "", nil, 400},
		{"number", url, "7", nil, 400},
		{"old version", url, pingBody, []string{"Mcp-Protocol-Version", "1999-01-01"}, 400},
		{"future", url, pingBody, []string{"Mcp-Protocol-Version", "2999-01-01"}, 400},
		{"forged session", url, pingBody, []string{"Mcp-Session-Id", "forged"}, 404},
		{"wrong type", url, pingBody, []string{"Content-Type", "text/plain"}, 415},
		{"another path", strings.TrimSuffix(url, Path) + "/etc/passwd", pingBody, nil, 404},
	} {
		if status, text := post(t, test.url, test.body, test.headers...); status != test.status {
			t.Errorf("%s: status %d, want %d: %.300s", test.name, status, test.status, text)
		}
	}
	eventually(t, "sessions are left", func() bool { return openSessions(s) == 0 })
}

func openSessions(s *Server) int { return (&sessions{server: s.mcp}).count() }

// TestHTTPSessions opens as many sessions as there may be and closes none, but for one
// that listens and one that was used last. One more takes the place of the one that is
// idle for longest; where all listen, it is refused; clients that need none get on.
func TestHTTPSessions(t *testing.T) {
	s := both(t)
	url := listen(t, s, "")
	open := func() (int, string, string) {
		t.Helper()
		const body = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}`
		answered, text := posted(t, url, body)
		return answered.StatusCode, text, answered.Header.Get(sessionHeader)
	}
	// listens opens a stream for what the server has to say, which stays.
	listens := func(id string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(sessionHeader, id)
		r.Header.Set("Accept", "text/event-stream")
		answered, err := http.DefaultTransport.(*http.Transport).Clone().RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { answered.Body.Close() })
		if answered.StatusCode != http.StatusOK {
			t.Fatalf("listening: status %d", answered.StatusCode)
		}
	}
	// alive tells whether a session is there, and uses it.
	alive := func(id string) bool {
		t.Helper()
		status, _ := post(t, url, `{"jsonrpc":"2.0","id":2,"method":"ping"}`, sessionHeader, id)
		return status == http.StatusOK
	}
	var ids []string
	for i := range mostSessions {
		status, text, id := open()
		if status != http.StatusOK || id == "" {
			t.Fatalf("session %d: %d %s", i, status, text)
		}
		ids = append(ids, id)
	}
	listens(ids[0])
	if !alive(ids[1]) || alive("made up") {
		t.Fatal("a session isn't there, or one is that nobody began")
	}
	status, text, next := open()
	if status != http.StatusOK {
		t.Fatalf("found %d %s", status, text)
	}
	for i, id := range []string{ids[0], ids[1], ids[3], next} {
		if !alive(id) {
			t.Errorf("session %d has gone", i)
		}
	}
	if alive(ids[2]) {
		t.Error("the session that was idle for longest is there")
	}
	c := dial(t, &mcp.StreamableClientTransport{Endpoint: url}, "2026-07-28", nil)
	answer[listResult](t, c, "list", arguments{"index": "notes"})
}

// TestSessionsInUse has no room where all sessions have something to do.
func TestSessionsInUse(t *testing.T) {
	s := both(t)
	all := &sessions{server: s.mcp, uses: map[string]*use{}}
	url := listen(t, s, "")
	for range mostSessions {
		answered, _ := posted(t, url, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}`)
		all.begin(answered.Header.Get(sessionHeader))
	}
	if all.room() {
		t.Error("there is room")
	}
	for one := range s.mcp.Sessions() {
		all.end(one.ID())
		break
	}
	if !all.room() || openSessions(s) != mostSessions-1 {
		t.Errorf("no room, %d sessions", openSessions(s))
	}
}
