package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	queryPace  = 50 * time.Millisecond // between two queries
	badPace    = 20 * time.Millisecond
	rerankSize = 20
	sampling   = time.Second
	// longest is how long any answer may take.
	longest = 5 * time.Minute
	// oversized is more than a server takes by default.
	oversized = 33 << 20
)

// readTexts reads the "text" of each record.
func readTexts(path string) ([]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var texts []string
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var record struct{ Text string }
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		texts = append(texts, record.Text)
	}
	if len(texts) == 0 {
		return nil, fmt.Errorf("%s: expected texts, found none", path)
	}
	return texts, lines.Err()
}

// traffic is what is sent, and what came of it.
type traffic struct {
	url    string
	client *http.Client
	texts  []string
	long   int          // tokens
	serial atomic.Int64 // makes texts that were not sent before
	large  []byte

	mu     sync.Mutex
	report report
}

func newTraffic(url string, texts []string, long int) *traffic {
	return &traffic{
		url: url, texts: texts, long: long, large: bytes.Repeat([]byte(" "), oversized),
		client: &http.Client{Timeout: longest, Transport: &http.Transport{MaxIdleConnsPerHost: 16}},
		report: report{long: long, kinds: map[string]*samples{}},
	}
}

// run sends queries alone, and then everything.
func (t *traffic) run(ctx context.Context, alone, together time.Duration) (*report, error) {
	if err := t.phase(ctx, alone, func(client func(func(context.Context))) {
		client(t.paced("queries alone", queryPace, t.query))
	}); err != nil {
		return nil, err
	}
	if err := t.phase(ctx, together, func(client func(func(context.Context))) {
		client(t.paced("queries beside", queryPace, t.query))
		client(t.steady("reranks", t.rerank))
		client(t.steady("longs", t.longDocument))
		client(t.paced("bads", badPace, t.bad))
		client(t.watch)
	}); err != nil {
		return nil, err
	}
	t.report.together = together
	return &t.report, nil
}

// phase has clients work for some time, and waits for their last answers.
func (t *traffic) phase(ctx context.Context, d time.Duration, clients func(func(func(context.Context)))) error {
	ended, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var all sync.WaitGroup
	clients(func(client func(context.Context)) { all.Go(func() { client(ended) }) })
	all.Wait()
	return ctx.Err()
}

// A sender sends one request and says whether the answer is as expected.
type sender func() error

// steady sends one request after the other.
func (t *traffic) steady(kind string, send sender) func(context.Context) {
	return func(ctx context.Context) {
		for ctx.Err() == nil {
			t.timed(kind, time.Now(), send)
		}
	}
}

// paced sends requests at fixed times, whether or not the last one is answered: a
// server that is slow isn't asked less.
func (t *traffic) paced(kind string, pace time.Duration, send sender) func(context.Context) {
	return func(ctx context.Context) {
		var all sync.WaitGroup
		defer all.Wait()
		ticks := time.NewTicker(pace)
		defer ticks.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case due := <-ticks.C:
				all.Go(func() { t.timed(kind, due, send) })
			}
		}
	}
}

func (t *traffic) timed(kind string, due time.Time, send sender) {
	err := send()
	took := time.Since(due)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report.add(kind, took, err)
}

// post sends a body and reads the answer, which must have this status.
func (t *traffic) post(path string, body []byte, status int) ([]byte, error) {
	a, err := t.client.Post(t.url+path, "application/json", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err == nil && a.StatusCode != status {
		err = fmt.Errorf("%s: expected status %d, found %d: %.200s", path, status, a.StatusCode, text)
	}
	return text, err
}

func (t *traffic) query() error {
	n := t.serial.Add(1)
	words := strings.Fields(t.texts[int(n)%len(t.texts)])
	body, err := json.Marshal(map[string]any{"input": strings.Join(words[:min(12, len(words))], " "), "input_type": "query", "encoding_format": "base64"})
	if err != nil {
		return err
	}
	_, err = t.post("/v1/embeddings", body, http.StatusOK)
	return err
}

// fresh is a text that was not sent before.
func (t *traffic) fresh() string {
	n := t.serial.Add(1)
	return strconv.FormatInt(n, 10) + ". " + t.texts[int(n)%len(t.texts)]
}

func (t *traffic) rerank() error {
	documents := make([]string, rerankSize)
	for i := range documents {
		documents[i] = t.texts[i%len(t.texts)]
		if i%2 == 0 {
			documents[i] = t.fresh()
		}
	}
	return t.ranked(documents, 0)
}

func (t *traffic) longDocument() error {
	const bytesPerToken = 8 // more than any text has
	var document strings.Builder
	for document.Len() < bytesPerToken*t.long {
		document.WriteString(t.fresh())
		document.WriteByte('\n')
	}
	return t.ranked([]string{document.String()}, t.long)
}

func (t *traffic) ranked(documents []string, cut int) error {
	_, err := t.scores(documents, cut)
	return err
}

// scores are those of documents, in their order; all of them must be there.
func (t *traffic) scores(documents []string, cut int) ([]float64, error) {
	body, err := json.Marshal(map[string]any{"query": "what slows bone loss?", "documents": documents, "max_tokens_per_doc": cut, "return_documents": false})
	if err != nil {
		return nil, err
	}
	text, err := t.post("/v1/rerank", body, http.StatusOK)
	if err != nil {
		return nil, err
	}
	var found struct {
		Results []struct {
			Index int
			Score float64 `json:"relevance_score"`
		}
	}
	if err := json.Unmarshal(text, &found); err != nil || len(found.Results) != len(documents) {
		return nil, fmt.Errorf("expected %d results, found %.200s", len(documents), text)
	}
	scores := make([]float64, len(documents))
	for _, r := range found.Results {
		if r.Index < 0 || r.Index >= len(scores) {
			return nil, fmt.Errorf("expected indexes below %d, found %d", len(scores), r.Index)
		}
		scores[r.Index] = r.Score
	}
	return scores, nil
}

// bad sends what must be refused, of several kinds in turn; one in a hundred is
// too large.
func (t *traffic) bad() error {
	n := t.serial.Add(1)
	if n%100 == 0 {
		_, err := t.post("/v1/rerank", t.large, http.StatusRequestEntityTooLarge)
		return err
	}
	bodies := []string{`{"query": "q", "documents": [`, `{"query": "q", "documents": 3}`, "{\"query\": \"\xff\"}", `[]`, `{"query": "q", "documents": [{"image": "x"}]}`}
	_, err := t.post("/v1/rerank", []byte(bodies[int(n)%len(bodies)]), http.StatusBadRequest)
	return err
}

// watch reads the server's memory once a second.
func (t *traffic) watch(ctx context.Context) {
	ticks := time.NewTicker(sampling)
	defer ticks.Stop()
	for {
		bytes, goroutines, err := t.metrics()
		t.mu.Lock()
		if err != nil {
			t.report.add("metrics", 0, err)
		} else {
			t.report.memory = append(t.report.memory, bytes)
			t.report.goroutines = append(t.report.goroutines, goroutines)
		}
		t.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}

func (t *traffic) metrics() (memory, goroutines float64, err error) {
	a, err := t.client.Get(t.url + "/metrics")
	if err != nil {
		return 0, 0, err
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch name {
		case "process_resident_memory_bytes":
			memory, _ = strconv.ParseFloat(value, 64)
		case "go_goroutines":
			goroutines, _ = strconv.ParseFloat(value, 64)
		}
	}
	return memory, goroutines, err
}
