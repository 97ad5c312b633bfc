package agent

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// wire is a client that writes what it likes.
type wire struct {
	t    *testing.T
	in   *io.PipeWriter
	out  *bufio.Reader
	done chan error
}

func newWire(t *testing.T, s *Server) *wire {
	in, toServer := io.Pipe()
	fromServer, out := io.Pipe()
	w := &wire{t, toServer, bufio.NewReader(fromServer), make(chan error, 1)}
	go func() { w.done <- s.ServeStdio(context.Background(), in, out) }()
	w.send(`{"jsonrpc":"2.0","id":"first","method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"wire","version":"1"}}}`)
	if a := w.receive(); a.ID != "first" || a.Error != nil {
		t.Fatalf("found %+v", a)
	}
	w.send(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	return w
}

func (w *wire) send(line string) {
	w.t.Helper()
	if _, err := io.WriteString(w.in, line+"\n"); err != nil {
		w.t.Fatalf("%v after %.200q", err, line)
	}
}

type reply struct {
	Version string          `json:"jsonrpc"`
	ID      any             `json:"id"`
	Result  json.RawMessage `json:"result"`
	Error   *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

func (w *wire) receive() reply {
	w.t.Helper()
	line, err := w.out.ReadBytes('\n')
	var r reply
	if err == nil {
		err = json.Unmarshal(line, &r)
	}
	if err != nil || r.Version != "2.0" {
		w.t.Fatalf("%v: found %.500q", err, line)
	}
	return r
}

// close closes standard input, and expects the server to end in peace.
func (w *wire) close() {
	w.t.Helper()
	w.in.Close()
	select {
	case err := <-w.done:
		if err != nil {
			w.t.Errorf("ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		w.t.Error("doesn't end")
	}
}

func TestHostileLines(t *testing.T) {
	w := newWire(t, both(t))
	const ping = `{"jsonrpc":"2.0","id":%d,"method":"ping"}`
	for i, test := range []struct {
		line string
		id   any
		code int
	}{
		{`garbage`, nil, -32700},
		{`{"jsonrpc":"2.0","id":1,"method":"ping"`, nil, -32700},
		{"\xff\xfe\x00", nil, -32700},
		{strings.Repeat("[", 100_000), nil, -32700},
		{`{"a":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`, nil, -32700},
		{`{"jsonrpc":"2.0","id":1,"method":"ping"}{"jsonrpc":"2.0"}`, nil, -32700},
		{`"text"`, nil, -32600},
		{`null`, nil, -32600},
		{`7`, nil, -32600},
		{`[]`, nil, -32600},
		{`[1]`, nil, -32600},
		{`{}`, nil, -32600},
		{`{"jsonrpc":"1.0","id":"old","method":"ping"}`, "old", -32600},
		{`{"jsonrpc":"2.0","id":{},"method":"ping"}`, nil, -32600},
		{`{"jsonrpc":"2.0","id":5.0,"method":7}`, 5.0, -32600},
		{`{"jsonrpc":"2.0","id":1.5,"method":"ping"}`, 1.5, -32600},
		{`{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}`, 9007199254740992.0, -32600},
		{`{"jsonrpc":"2.0","id":1e300,"method":"ping"}`, 1e300, -32600},
		{`{"jsonrpc":"2.0","id":6,"method":""}`, 6.0, -32601},
		{`{"jsonrpc":"2.0","id":6,"method":"no/such"}`, 6.0, -32601},
		{`{"jsonrpc":"2.0","id":6,"method":"tools/call"}`, 6.0, -32600},
		{`{"jsonrpc":"2.0","id":6,"method":"tools/call","params":[]}`, 6.0, -32602},
		{`{"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"name":7}}`, 6.0, -32602},
		{`{"jsonrpc":"2.0","id":6,"method":"tools/list","params":{"cursor":"bm9uc2Vuc2U="}}`, 6.0, -32602},
		{`{"jsonrpc":"2.0","id":6,"method":"tools/list","params":{"cursor":"` + strings.Repeat("A", 100_000) + `"}}`, 6.0, -32602},
		{`{"jsonrpc":"2.0","id":6,"method":"resources/read","params":{"uri":"file:///etc/passwd"}}`, 6.0, 0},
		{`{"x":"` + strings.Repeat("y", messageBytes) + `"}`, nil, -32600},
	} {
		w.send(test.line)
		a := w.receive()
		if a.Error == nil || test.code != 0 && a.Error.Code != test.code || a.ID != test.id || len(a.Error.Message) > 1000 {
			t.Errorf("%.100q is answered %+v %+v", test.line, a, a.Error)
		}
		w.send(fmt.Sprintf(ping, i))
		if a := w.receive(); a.ID != float64(i) || a.Error != nil {
			t.Fatalf("after %.100q a ping is answered %+v", test.line, a)
		}
	}
	// What needs no answer.
	for _, line := range []string{"", "  ", "\r", `{"jsonrpc":"2.0","id":99,"result":{}}`, `{"jsonrpc":"2.0","method":"notifications/no-such"}`, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":77}}`, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{}}}`, `{"jsonrpc":"2.0","method":"notifications/progress","params":7}`} {
		w.send(line)
	}
	w.send(`[` + fmt.Sprintf(ping, 1) + `, ` + fmt.Sprintf(ping, 2) + `]` + "\r")
	ids := map[any]bool{w.receive().ID: true, w.receive().ID: true}
	if !ids[1.0] || !ids[2.0] {
		t.Errorf("a batch is answered under %v", ids)
	}
	w.close()
}

// TestMutatedLines sends messages of which some bytes were changed. However many
// are answered, a ping at the end is.
func TestMutatedLines(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	originals := []string{
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","arguments":{"query":"bone","k":2}}}`,
		`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"list","arguments":{"index":"notes","glob":"*"},"_meta":{"progressToken":3}}}`,
		`{"jsonrpc":"2.0","id":3,"method":"tools/list","params":{"cursor":""}}`,
		`[{"jsonrpc":"2.0","id":4,"method":"ping"}]`,
		`{"jsonrpc":"2.0","id":5,"method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`,
	}
	w := newWire(t, both(t))
	go func() {
		for range 2000 {
			line := []byte(originals[random.IntN(len(originals))])
			for range 1 + random.IntN(3) {
				switch i := random.IntN(len(line)); random.IntN(3) {
				case 0:
					line[i] = byte(random.IntN(256))
				case 1:
					line = append(line[:i], line[i+1:]...)
				default:
					line = append(line[:i], append([]byte{`{}[]",:0\`[random.IntN(9)]}, line[i:]...)...)
				}
			}
			if _, err := w.in.Write(append(line, '\n')); err != nil {
				return // the reader says so
			}
		}
		fmt.Fprintln(w.in, `{"jsonrpc":"2.0","id":"last","method":"ping"}`)
	}()
	answers := 0
	for ; w.receive().ID != "last"; answers++ {
	}
	if answers < 500 {
		t.Errorf("%d answers", answers)
	}
	w.close()
}

// TestStdioEnds ends a session by the context, which a client that says nothing and
// an open stream don't keep up.
func TestStdioEnds(t *testing.T) {
	s := both(t)
	in, keep := io.Pipe()
	defer keep.Close()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.ServeStdio(ctx, in, io.Discard) }()
	time.Sleep(50 * time.Millisecond)
	cancel()
	select {
	case err := <-ended:
		if err != context.Canceled {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("doesn't end")
	}
}

// TestNullArguments calls a tool with null for arguments, as clients do that write out
// every field that they have.
func TestNullArguments(t *testing.T) {
	m := model(t)
	w := newWire(t, server(t, m, Index{"notes", made(t, m, notes()...)}))
	for _, null := range []string{"null", " null "} {
		w.send(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list","arguments":` + null + `}}`)
		if a := w.receive(); a.Error != nil || !strings.Contains(string(a.Result), "/notes/calcium.md") {
			t.Errorf("found %s %+v", a.Result, a.Error)
		}
	}
	w.close()
}

// TestTwoIDs sends a request whose fields the SDK and encoding/json read differently:
// the latter takes any case of letters.
func TestTwoIDs(t *testing.T) {
	w := newWire(t, both(t))
	w.send(`{"jsonrpc":"2.0","id":1,"ID":{"a":[]},"method":"ping"}`)
	if a := w.receive(); a.ID != 1.0 || a.Error != nil {
		t.Errorf("found %+v %+v", a, a.Error)
	}
	w.close()
}

// TestPanic has a handler panic: its request gets an error, the next one its answer.
func TestPanic(t *testing.T) {
	s := both(t)
	s.mcp.AddReceivingMiddleware(func(next mcp.MethodHandler) mcp.MethodHandler {
		return s.caught(func(ctx context.Context, method string, request mcp.Request) (mcp.Result, error) {
			if method == "tools/list" {
				panic("a test")
			}
			return next(ctx, method, request)
		})
	})
	w := newWire(t, s)
	w.send(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)
	if a := w.receive(); a.Error == nil || a.Error.Code != -32603 {
		t.Errorf("found %s %+v", a.Result, a.Error)
	}
	w.send(`{"jsonrpc":"2.0","id":2,"method":"ping"}`)
	if a := w.receive(); a.Error != nil || a.ID != 2.0 {
		t.Errorf("found %+v", a)
	}
	w.close()
}

// TestPiped has a client write all at once and close the stream, as a shell's pipe
// does. Everything is answered, initialize first.
func TestPiped(t *testing.T) {
	s := both(t)
	for _, end := range []string{"", "\n"} {
		var out bytes.Buffer
		in := `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"pipe","version":"1"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
{"jsonrpc":"2.0","id":"list","method":"tools/list"}
{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"search","arguments":{"query":"bone"}}}
{"jsonrpc":"2.0","id":3,"method":"ping"}`
		if err := s.ServeStdio(t.Context(), io.NopCloser(strings.NewReader(in+end)), &out); err != nil {
			t.Fatal(err)
		}
		var ids []string
		for line := range strings.Lines(out.String()) {
			var r reply
			if err := json.Unmarshal([]byte(line), &r); err != nil || r.Error != nil {
				t.Errorf("%v: found %.300q", err, line)
			}
			ids = append(ids, fmt.Sprint(r.ID))
		}
		if len(ids) != 4 || ids[0] != "1" {
			t.Errorf("answers have the ids %v", ids)
		}
	}
}

// TestDeaf ends the session of a client that has closed its stream and doesn't read.
func TestDeaf(t *testing.T) {
	w := newWire(t, both(t))
	for i := range 20 {
		w.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"ping"}`, i))
	}
	w.close()
}

// TestUnanswered waits for requests that are answered, given up, or neither.
func TestUnanswered(t *testing.T) {
	u := newUnanswered()
	u.add("a")
	start := time.Now()
	if u.wait(20 * time.Millisecond); time.Since(start) < 20*time.Millisecond {
		t.Error("what has no answer wasn't waited for")
	}
	u.wait(time.Minute) // for nothing any more
	for _, end := range []func(){
		func() { u.remove("a") },
		func() { u.answered([]byte(`{"id":"a","result":{}}`)) },
		u.forget,
	} {
		u.add("a")
		u.answered([]byte(`{"id":"a","method":"ping"}`)) // a request
		u.remove(nil)
		u.remove(map[string]any{})
		time.AfterFunc(10*time.Millisecond, end)
		start := time.Now()
		if u.wait(time.Minute); time.Since(start) > 10*time.Second {
			t.Error("waited for what has an answer")
		}
		u.forget()
	}
}

// TestLines reads a stream in pieces of all sizes.
func TestLines(t *testing.T) {
	stream := "\n" + `{"jsonrpc": "2.0", "method": "a"}` + "\r\n" + strings.Repeat("x", messageBytes+1) + "\n" + `[{"jsonrpc":"2.0","method":"b"},3]` + "\n" + `{"jsonrpc":"2.0","method":"c"}`
	var answers bytes.Buffer
	got, err := io.ReadAll(newLineReader(io.NopCloser(strings.NewReader(stream)), &lineWriter{out: &answers, open: newUnanswered()}))
	want := `{"jsonrpc":"2.0","method":"a"}` + "\n" + `{"jsonrpc":"2.0","method":"b"}` + "\n" + `{"jsonrpc":"2.0","method":"c"}` + "\n"
	if err != nil || string(got) != want {
		t.Errorf("%v: found %q", err, got)
	}
	if n := strings.Count(answers.String(), "\n"); n != 2 {
		t.Errorf("%d answers: %q", n, answers.String())
	}
}
