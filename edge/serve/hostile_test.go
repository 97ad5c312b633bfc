package serve

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// spoil makes of a good body one that may be bad.
func spoil(random *rand.Rand, body []byte) []byte {
	b := append([]byte(nil), body...)
	values := []string{`null`, `true`, `-1`, `1e400`, `""`, `"\ud800"`, `[]`, `{}`, `[[[[]]]]`, `{"text": 1}`, `["a", 1]`, "\"\xff\"", `9999999999999999999999`, "\x00"}
	for range 1 + random.IntN(3) {
		at := random.IntN(len(b) + 1)
		switch random.IntN(6) {
		case 0: // cut
			b = b[:at]
		case 1: // another byte
			if at < len(b) {
				b[at] = byte(random.UintN(256))
			}
		case 2: // another value after a colon
			if colons := strings.Count(string(b), ":"); colons > 0 {
				parts := strings.SplitN(string(b), ":", 2+random.IntN(colons))
				last := len(parts) - 1
				end := strings.IndexAny(parts[last], ",}")
				parts[last] = values[random.IntN(len(values))] + parts[last][max(end, 0):]
				b = []byte(strings.Join(parts, ":"))
			}
		case 3: // doubled
			b = append(b[:at:at], b[at/2:]...)
		case 4: // deep
			deep := strings.Repeat("[", random.IntN(20_000))
			b = append(b[:at:at], append([]byte(deep), b[at:]...)...)
		case 5: // not UTF-8
			b = append(b[:at:at], append([]byte{0xc3, 0x28}, b[at:]...)...)
		}
		if len(b) == 0 {
			break
		}
	}
	return b
}

// Thousands of bad bodies get an answer with a reason, and leave nothing behind.
func TestHostileBodies(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	s, url := start(t, Options{Limits: Limits{Body: 256 << 10, InFlight: 64 << 20, DocumentTokens: 256}})
	good := map[string]string{
		"/v1/rerank":       `{"model": "m", "query": "bone loss", "documents": ["calcium", {"text": "rain"}], "top_n": 2, "return_documents": true, "rank_fields": null, "max_tokens_per_doc": 20}`,
		"/v2/rerank":       `{"model": "m", "query": "bone loss", "documents": ["calcium", "rain"], "top_n": 2}`,
		"/rerank":          `{"query": "bone loss", "texts": ["calcium", "rain"], "raw_scores": false, "truncate": true, "return_text": true}`,
		"/reranking":       `{"query": "bone loss", "documents": ["calcium", "rain"], "top_n": 1}`,
		"/score":           `{"text_1": ["bone loss"], "text_2": ["calcium", "rain"], "truncate_prompt_tokens": -1}`,
		"/v1/embeddings":   `{"model": "m", "input": ["calcium", "rain"], "encoding_format": "base64", "input_type": "query", "dimensions": 64}`,
		"/v1/multi-vector": `{"model": "m", "input": ["calcium"], "embedding_type": "float", "input_type": "document"}`,
		"/pooling":         `{"model": "m", "input": "calcium", "task": "token_embed"}`,
		"/v1/search":       `{"query": "bone loss", "index": "x", "top_k": 3, "filter": "year > 3", "mode": "auto"}`,
	}
	each := 600
	if testing.Short() {
		each = 150
	}
	before := runtime.NumGoroutine()
	var mu sync.Mutex
	statuses := map[int]int{}
	var all sync.WaitGroup
	client := &http.Client{Transport: &http.Transport{}}
	for path, body := range good {
		all.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(len(path))))
			for range each {
				sent := spoil(random, []byte(body))
				r, err := http.NewRequest(http.MethodPost, url+path, strings.NewReader(string(sent)))
				if err != nil {
					t.Error(err)
					return
				}
				r.Header.Set("Content-Type", "application/json")
				response, err := client.Do(r)
				if err != nil {
					t.Errorf("%s %.300q: %v", path, sent, err)
					return
				}
				var found any
				err = json.NewDecoder(response.Body).Decode(&found)
				response.Body.Close()
				if status := response.StatusCode; err != nil || status != 200 && (status < 400 || status >= 500) && status != 501 || status != 200 && reason(found) == "" {
					t.Errorf("%s %.300q: status %d, %v, %v", path, sent, status, err, found)
				}
				mu.Lock()
				statuses[response.StatusCode]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	client.CloseIdleConnections()
	t.Logf("statuses: %v", statuses)
	if statuses[400] < each {
		t.Errorf("too few were refused: %v", statuses)
	}
	waitFor(t, "all memory to be given back", func() bool { return s.inFlight.Load() == 0 })
	waitFor(t, "goroutines to end", func() bool { return runtime.NumGoroutine() <= before+3 })
	if a := post(t, url+"/v1/rerank", good["/v1/rerank"]); a.status != 200 {
		t.Errorf("afterwards: %d %s", a.status, a.body)
	}
}

// reason is what an answer gives as the reason, in whatever shape.
func reason(found any) string {
	object, _ := found.(map[string]any)
	switch e := object["error"].(type) {
	case string:
		return e
	case map[string]any:
		return fmt.Sprint(e["message"])
	}
	return ""
}

// What is wrong is said in a few lines, however long it is.
func TestShortReasons(t *testing.T) {
	_, url := start(t, Options{Indexes: []Index{newIndex(t, "few", few[:3])}})
	long := strings.Repeat("ä", 100_000)
	for _, test := range [][2]string{
		{"/v1/rerank", `{"query": "q", "documents": ["d"], "` + long + `": 1, "` + long + `": 2}`},
		{"/v1/rerank", `{"query": "q", "documents": [{"d": 1}], "rank_fields": ["` + long + `"]}`},
		{"/v1/rerank", `{"query": "q", "documents": [{"` + long + `": []}], "rank_fields": ["` + long + `"]}`},
		{"/v1/rerank?scores=" + strings.Repeat("x", 20_000), `{"query": "q", "documents": ["d"]}`},
		{"/rerank", `{"query": "q", "texts": ["d"], "truncation_direction": "` + long + `"}`},
		{"/v1/embeddings", `{"input": "q", "input_type": "` + long + `"}`},
		{"/v1/embeddings", `{"input": "q", "encoding_format": "` + long + `"}`},
		{"/v1/search", `{"query": "q", "index": "` + long + `"}`},
		{"/v1/search", `{"query": "q", "mode": "` + long + `"}`},
		{"/v1/search", `{"query": "q", "` + long + `": 1}`},
		{"/" + strings.Repeat("x", 20_000), `{}`},
	} {
		a := post(t, url+test[0], test[1])
		var found any
		if err := json.Unmarshal(a.body, &found); err != nil || a.status < 400 || a.status >= 500 || len(a.body) > 8<<10 || len(reason(found)) > 1100 || reason(found) == "" {
			t.Errorf("%.30s %.60s: status %d, %d bytes: %.200s", test[0], test[1], a.status, len(a.body), a.body)
		}
	}
}

// A body of small values takes no more memory than one of large ones.
func TestManySmallValues(t *testing.T) {
	const size = 8 << 20
	_, url := start(t, Options{})
	fill := func(part string) string { return strings.Repeat(part, size/len(part)) }
	var names strings.Builder
	for i := 0; names.Len() < size; i++ {
		fmt.Fprintf(&names, `,"%d":0`, i)
	}
	for name, test := range map[string]struct {
		body   string
		status int
	}{
		"fields":           {`{"query": "q"` + names.String() + `}`, 400},
		"fields of one":    {`{"query": "q", "documents": [{"text": "d"` + names.String() + `}]}`, 400},
		"fields elsewhere": {`{"query": "q", "documents": ["d"], "other": {"x": 0` + names.String() + `}}`, 200},
		"documents":        {`{"query": "q", "documents": ["d"` + fill(`,""`) + `]}`, 413},
		"rank fields":      {`{"query": "q", "documents": ["d"], "rank_fields": ["d"` + fill(`,""`) + `]}`, 400},
		"arrays":           {`{"query": "q", "documents": ["d"], "other": [[]` + fill(`,[]`) + `]}`, 200},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			a := post(t, url+"/v1/rerank", test.body)
			runtime.ReadMemStats(&after)
			if a.status != test.status {
				t.Errorf("status %d, want %d: %.300s", a.status, test.status, a.body)
			}
			// A buffer that grows to its size was allocated some times over.
			if used := after.TotalAlloc - before.TotalAlloc; !raced && used > 6*size {
				t.Errorf("a body of %d bytes took %d", size, used)
			}
		})
	}
}

// Who takes nothing of a large answer is left alone after a while.
func TestAnswerThatIsNotTaken(t *testing.T) {
	s, url := start(t, Options{Limits: Limits{Send: 200 * time.Millisecond}})
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	document := quoted(strings.Repeat("d ", 8<<20)) // more than a socket holds
	fmt.Fprintf(c, "POST /v1/rerank HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", len(document)+len(`{"query":"q","documents":[]}`))
	fmt.Fprintf(c, `{"query":"q","documents":[%s]}`, document)
	working := func() int {
		s.metrics.mu.Lock()
		defer s.metrics.mu.Unlock()
		return s.metrics.working
	}
	waitFor(t, "the answer to be given up", func() bool { return working() == 0 })
	waitFor(t, "all memory to be given back", func() bool { return s.inFlight.Load() == 0 })
	told, err := io.ReadAll(c)
	if err == nil && strings.HasSuffix(string(told), "0\r\n\r\n") {
		t.Errorf("a part of the answer looks like all of it: %d bytes", len(told))
	}
}
