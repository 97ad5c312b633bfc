package serve

import (
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// metrics counts what the server does, for Prometheus.
type metrics struct {
	started time.Time

	mu        sync.Mutex
	answers   map[answered]uint64
	durations map[string]*histogram // by path
	documents uint64
	tokens    uint64
	working   int
}

// answered is what answers are counted by.
type answered struct {
	path   string
	status int
}

// buckets are upper bounds of how long an answer takes, in seconds.
var buckets = [...]float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}

type histogram struct {
	counts [len(buckets)]uint64 // each bucket's own
	count  uint64
	sum    float64
}

func newMetrics() *metrics {
	return &metrics{started: time.Now(), answers: map[answered]uint64{}, durations: map[string]*histogram{}}
}

// begin counts a request, and says how many are being answered.
func (m *metrics) begin() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.working++
	return m.working
}

func (m *metrics) end(path string, status int, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.working--
	m.answers[answered{path, status}]++
	h := m.durations[path]
	if h == nil {
		h = new(histogram)
		m.durations[path] = h
	}
	h.count++
	h.sum += took.Seconds()
	for i, bound := range buckets {
		if took.Seconds() <= bound {
			h.counts[i]++
			break
		}
	}
}

// encoded counts a document of so many tokens.
func (m *metrics) encoded(tokens int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.documents++
	m.tokens += uint64(tokens)
}

// metricsType is the content type of Prometheus' text format.
const metricsType = "text/plain; version=0.0.4; charset=utf-8"

// write writes all metrics in Prometheus' text format. Paths are the server's own,
// so that nobody who sends requests makes up labels.
func (s *Server) writeMetrics(w io.Writer) {
	m := s.metrics
	m.mu.Lock()
	defer m.mu.Unlock()
	family := func(name, kind, help string) { fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind) }
	single := func(name, kind, help string, value any) {
		family(name, kind, help)
		fmt.Fprintf(w, "%s %v\n", name, value)
	}

	family("toller_requests_total", "counter", "Requests answered, by path and status.")
	for _, a := range slices.SortedFunc(maps.Keys(m.answers), func(a, b answered) int {
		return slices.Compare([]string{a.path, fmt.Sprint(a.status)}, []string{b.path, fmt.Sprint(b.status)})
	}) {
		fmt.Fprintf(w, "toller_requests_total{path=%q,status=\"%d\"} %d\n", a.path, a.status, m.answers[a])
	}
	family("toller_request_duration_seconds", "histogram", "Time from a request's head to the end of its answer.")
	for _, path := range slices.Sorted(maps.Keys(m.durations)) {
		h := m.durations[path]
		below := uint64(0)
		for i, bound := range buckets {
			below += h.counts[i]
			fmt.Fprintf(w, "toller_request_duration_seconds_bucket{path=%q,le=\"%v\"} %d\n", path, bound, below)
		}
		fmt.Fprintf(w, "toller_request_duration_seconds_bucket{path=%q,le=\"+Inf\"} %d\n", path, h.count)
		fmt.Fprintf(w, "toller_request_duration_seconds_sum{path=%q} %v\n", path, h.sum)
		fmt.Fprintf(w, "toller_request_duration_seconds_count{path=%q} %d\n", path, h.count)
	}
	single("toller_requests_in_flight", "gauge", "Requests being answered.", m.working)
	single("toller_in_flight_bytes", "gauge", "Memory that requests in flight have taken of their budget.", s.inFlight.Load())
	single("toller_documents_encoded_total", "counter", "Documents encoded; those found in the cache are not among them.", m.documents)
	single("toller_document_tokens_encoded_total", "counter", "Tokens of these documents.", m.tokens)

	kept := s.cache.state()
	single("toller_cache_hits_total", "counter", "Documents whose vectors were kept.", kept.hits)
	single("toller_cache_misses_total", "counter", "Documents whose vectors were not.", kept.misses)
	single("toller_cache_evictions_total", "counter", "Documents that made room for others.", kept.evicted)
	single("toller_cache_documents", "gauge", "Documents whose vectors are kept.", kept.entries)
	single("toller_cache_bytes", "gauge", "Memory that they take.", kept.bytes)

	family("toller_model_info", "gauge", "The model, as labels.")
	fmt.Fprintf(w, "toller_model_info{name=\"%s\",fingerprint=\"%s\",dim=\"%d\"} 1\n", label(s.info.Name), s.info.Fingerprint, s.info.Dim)
	single("process_start_time_seconds", "gauge", "When the server began, in seconds since 1970.", m.started.Unix())
	single("go_goroutines", "gauge", "Goroutines.", runtime.NumGoroutine())
	if bytes, ok := residentBytes(); ok {
		single("process_resident_memory_bytes", "gauge", "Memory of the process.", bytes)
	}
}

// label is a label's value as Prometheus escapes it.
func label(text string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(strings.ToValidUTF8(text, "\ufffd"))
}
