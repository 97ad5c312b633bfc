package agent

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// longTexts is how many texts are reranked in a second or more.
const longTexts = 30

func longCall() *mcp.CallToolParams {
	texts := make([]string, longTexts)
	for i := range texts {
		texts[i] = strings.Repeat("Calcium slows the loss of bone. ", 60)
	}
	return &mcp.CallToolParams{Name: "rerank", Arguments: arguments{"query": boneQuestion, "texts": texts}}
}

// eventually waits for what comes after a moment, and fails with complaint if it
// doesn't.
func eventually(t *testing.T, complaint string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(complaint)
		}
	}
}

// reports collects reports of progress.
type reports struct {
	mu    sync.Mutex
	found []mcp.ProgressNotificationParams
}

func (r *reports) options() *mcp.ClientOptions {
	return &mcp.ClientOptions{ProgressNotificationHandler: func(_ context.Context, request *mcp.ProgressNotificationClientRequest) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.found = append(r.found, *request.Params)
	}}
}

// checkProgress makes a long call, and looks at what is said meanwhile.
func checkProgress(t *testing.T, c *mcp.ClientSession, r *reports) {
	t.Helper()
	long := longCall()
	long.SetProgressToken("the-token")
	start := time.Now()
	result, err := c.CallTool(t.Context(), long)
	took := time.Since(start)
	if err != nil || result.IsError {
		t.Fatal(err, result)
	}
	time.Sleep(50 * time.Millisecond) // notifications and answers may overtake each other
	r.mu.Lock()
	defer r.mu.Unlock()
	most := int(took / reportEvery)
	if len(r.found) == 0 && took > 2*reportEvery || len(r.found) > most {
		t.Errorf("%d reports in %v", len(r.found), took)
	}
	for i, p := range r.found {
		if p.ProgressToken != "the-token" || p.Total != longTexts || p.Progress > p.Total || i > 0 && p.Progress <= r.found[i-1].Progress {
			t.Errorf("report %d: %+v", i, p)
		}
	}
}

func TestProgress(t *testing.T) {
	s := both(t)
	for _, version := range []string{"2025-11-25", "2026-07-28"} {
		var r reports
		checkProgress(t, connect(t, s, version, r.options()), &r)
	}
	// Nobody asked, and what is quick.
	var r reports
	c := connect(t, s, "", r.options())
	quick := &mcp.CallToolParams{Name: "list", Arguments: arguments{"index": "notes"}}
	quick.SetProgressToken(1)
	for _, params := range []*mcp.CallToolParams{longCall(), quick} {
		if _, err := c.CallTool(t.Context(), params); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.found) > 0 {
		t.Errorf("found %+v", r.found)
	}
}

// checkCancel gives a long call up, and waits until the server has, too.
func checkCancel(t *testing.T, s *Server, c *mcp.ClientSession) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	given := make(chan error, 1)
	go func() {
		_, err := c.CallTool(ctx, longCall())
		given <- err
	}()
	eventually(t, "the call doesn't begin", func() bool { return len(s.running) > 0 })
	cancel()
	if err := <-given; !errors.Is(err, context.Canceled) {
		t.Errorf("a call that was given up ends with %v", err)
	}
	start := time.Now()
	eventually(t, "the call goes on", func() bool { return len(s.running) == 0 })
	t.Logf("stopped after %v", time.Since(start))
	if r := answer[listResult](t, c, "list", arguments{"index": "notes"}); len(r.Documents) != 3 {
		t.Errorf("found %+v", r)
	}
}

func TestCancel(t *testing.T) {
	s := both(t)
	for _, version := range []string{"2024-11-05", "2026-07-28"} {
		checkCancel(t, s, connect(t, s, version, nil))
	}
}

// TestCrowd makes more calls than wait: some are refused, the others answered.
func TestCrowd(t *testing.T) {
	s := both(t)
	c := connect(t, s, "", nil)
	for range mostRunning {
		s.running <- struct{}{}
	}
	answers := make(chan *mcp.CallToolResult)
	const calls = mostRunning + mostWaiting + 20
	for range calls {
		go func() {
			r, err := c.CallTool(t.Context(), &mcp.CallToolParams{Name: "list", Arguments: arguments{"index": "notes"}})
			if err != nil {
				t.Error(err)
			}
			answers <- r
		}()
	}
	for range 20 {
		if r := <-answers; !r.IsError || !strings.Contains(textOf(t, r), "too many calls") {
			t.Errorf("found %+v", r)
		}
	}
	for range mostRunning {
		<-s.running
	}
	for range calls - 20 {
		if r := <-answers; r.IsError {
			t.Errorf("found %s", textOf(t, r))
		}
	}
	if n := s.waiting.Load(); n != 0 {
		t.Errorf("%d calls are left", n)
	}
}
