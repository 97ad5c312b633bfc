package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// agentOf connects an agent's client to a server.
func agentOf(t *testing.T, transport mcp.Transport) *mcp.ClientSession {
	t.Helper()
	c, err := mcp.NewClient(&mcp.Implementation{Name: "test"}, nil).Connect(context.Background(), transport, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// called calls a tool, and returns its text and, in result, what it gives.
func called(t *testing.T, c *mcp.ClientSession, result any, name string, arguments map[string]any) (text string, refused bool) {
	t.Helper()
	r, err := c.CallTool(t.Context(), &mcp.CallToolParams{Name: name, Arguments: arguments})
	if err != nil {
		t.Fatal(err)
	}
	if result != nil && !r.IsError {
		encoded, err := json.Marshal(r.StructuredContent)
		if err == nil {
			err = json.Unmarshal(encoded, result)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return r.Content[0].(*mcp.TextContent).Text, r.IsError
}

type mcpHits struct {
	Hits []struct {
		Index, Key, Title, Snippet string
		Start, End                 int
		Score                      float64
	}
}

// TestMCP starts the command as agents do. It finds what toller search finds.
func TestMCP(t *testing.T) {
	path := indexed(t, mixed(t))
	cmd := command(t, "mcp", "--index", "notes="+path)
	c := agentOf(t, &mcp.CommandTransport{Command: cmd})
	want := searchJSON(t, path, boneQuestion)
	var got mcpHits
	called(t, c, &got, "search", map[string]any{"query": boneQuestion, "k": 10})
	if len(got.Hits) != len(want.Hits) {
		t.Fatalf("found %+v, want %+v", got, want.Hits)
	}
	for i, w := range want.Hits {
		h := got.Hits[i]
		if h.Index != "notes" || h.Key != w.Key || h.Title != w.Title || h.Start != w.Start || h.End != w.End || h.Score-w.Score > 1e-4 || w.Score-h.Score > 1e-4 {
			t.Errorf("hit %d is %+v, want %+v", i, h, w)
		}
	}
	if err := c.Close(); err != nil {
		t.Errorf("the client ends with %v", err)
	}
	if code := cmd.ProcessState.ExitCode(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}

// TestMCPOutput writes sense and nonsense to the command, which prints messages of
// the protocol and nothing else.
func TestMCPOutput(t *testing.T) {
	cmd := command(t, "mcp", "--index", indexed(t, mixed(t)))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	lines := bufio.NewReader(out)
	for _, message := range []string{
		"garbage",
		`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2024-11-05","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}`,
		`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"search","arguments":{"query":"bone","filter":"=="}}}`,
		`{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"rerank","arguments":{"query":"bone","texts":["a","b"]}}}`,
		`{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"read_document","arguments":{"key":"\u0000"}}}`,
	} {
		if _, err := io.WriteString(in, message+"\n"); err != nil {
			t.Fatal(err)
		}
		line, err := lines.ReadString('\n')
		var answer struct {
			Version string `json:"jsonrpc"`
		}
		if err == nil {
			err = json.Unmarshal([]byte(line), &answer)
		}
		if err != nil || answer.Version != "2.0" {
			t.Fatalf("%v: %s is answered %q", err, message, line)
		}
	}
	in.Close()
	if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
		t.Errorf("%v: the rest is %q", err, rest)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
}

// TestMCPSandbox puts links to a secret where documents are, and asks for it by every
// name that it has.
func TestMCPSandbox(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links take a privilege there")
	}
	folder, outside := t.TempDir(), t.TempDir()
	secret := write(t, filepath.Join(outside, "secret.txt"), "The secret is a teapot.")
	document := write(t, filepath.Join(folder, "document.txt"), "The document is a kettle.")
	age(t, document)
	path := indexed(t, folder)
	if err := os.Symlink(secret, filepath.Join(folder, "link.txt")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(folder, "below")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(document); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, document); err != nil {
		t.Fatal(err)
	}
	c := agentOf(t, &mcp.CommandTransport{Command: command(t, "mcp", "--index", "all="+path)})
	relative, err := filepath.Rel(folder, secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{
		secret, "file://" + secret, filepath.Join(folder, "link.txt"), filepath.Join(folder, "below", "secret.txt"),
		folder + "/" + relative, relative, folder + "/./document.txt", folder, path, "/etc/passwd", "/proc/self/environ",
	} {
		if text, refused := called(t, c, nil, "read_document", map[string]any{"key": key}); !refused || strings.Contains(text, "teapot") {
			t.Errorf("%s gives %q", key, text)
		}
	}
	if text, refused := called(t, c, nil, "read_document", map[string]any{"key": document}); refused || !strings.Contains(text, "kettle") {
		t.Errorf("the document gives %q", text)
	}
	if text, _ := called(t, c, nil, "search", map[string]any{"query": "which secret is a teapot?"}); strings.Contains(text, "teapot") {
		t.Errorf("the search gives %q", text)
	}
}

func TestMCPOverHTTP(t *testing.T) {
	token := write(t, filepath.Join(t.TempDir(), "token"), "a-token-of-some-length\n")
	cmd := command(t, "mcp", "--index", "a="+indexed(t, mixed(t)), "--listen", "127.0.0.1:0", "--token-file", token)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	line, err := bufio.NewReader(stderr).ReadString('\n')
	_, url, found := strings.Cut(strings.TrimSpace(line), " at ")
	if err != nil || !found {
		t.Fatalf("%v: found %q", err, line)
	}
	answer, err := http.Post(url, "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a token: %s", answer.Status)
	}
	c := agentOf(t, &mcp.StreamableClientTransport{Endpoint: url, HTTPClient: &http.Client{Transport: withToken{}}})
	var got mcpHits
	if called(t, c, &got, "search", map[string]any{"query": boneQuestion}); len(got.Hits) != 8 {
		t.Errorf("found %+v", got)
	}
}

type withToken struct{}

func (withToken) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer a-token-of-some-length")
	return http.DefaultTransport.RoundTrip(r)
}

func TestMCPUsage(t *testing.T) {
	t.Setenv("TOLLER_TOKEN", "")
	path := indexed(t, mixed(t))
	short := write(t, filepath.Join(t.TempDir(), "short"), "short")
	empty := write(t, filepath.Join(t.TempDir(), "empty"), " \n")
	for _, test := range []struct {
		code int
		says string
		args []string
	}{
		{exitUsage, "expected none", []string{path}},
		{exitFailure, "there is no index at", []string{"--index", filepath.Join(t.TempDir(), "none.db")}},
		{exitFailure, "letters, digits", []string{"--index", "my notes=" + path}},
		{exitFailure, "two indexes", []string{"--index", "a=" + path, "--index", "a=" + path}},
		{exitUsage, "--token-file goes with --listen", []string{"--token-file", short}},
		{exitUsage, "at least 16 characters", []string{"--listen", "0.0.0.0:0"}},
		{exitUsage, "found 5", []string{"--listen", "0.0.0.0:0", "--token-file", short}},
		{exitFailure, "one line", []string{"--listen", "127.0.0.1:0", "--token-file", empty}},
		{exitFailure, "nowhere", []string{"--listen", "nowhere"}},
	} {
		args := append([]string{"mcp", "--index", "notes=" + path}, test.args...)
		if strings.Contains(strings.Join(test.args, " "), "--index") {
			args = append([]string{"mcp"}, test.args...)
		}
		r := toller(t, "", args...).want(t, test.code)
		if r.says(t, test.says); r.stdout != "" {
			t.Errorf("%q prints %q", test.args, r.stdout)
		}
	}
}
