package store

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/toller-search/toller/store/codec"
)

// scale is what a process of its own measures on a big store, on one thread.
type scale struct {
	Open, First, P50, P95, Exact float64 // ms; First is open and the first search
	Recall                       float64
	Peak                         float64 // MB of memory, of everything but Exact
}

const scaleDim, scaleTokens, scaleQueries = 48, 128, 100

func scaleCollection() *collection { return newCollection(11, scaleDim, 4000, 1000) }

func scaleOptions() Options {
	o := testOptions(scaleDim, codec.Residual4)
	o.TrainTokens = 0
	return o
}

// measure is a job for a process of its own.
func measure(path string, _ uint64) error {
	runtime.GOMAXPROCS(1)
	ctx := context.Background()
	c := scaleCollection()
	queries := make([][]float32, scaleQueries)
	for i := range queries {
		_, queries[i] = c.query(32)
	}
	var out scale
	since := func(start time.Time) float64 { return float64(time.Since(start).Microseconds()) / 1000 }
	start := time.Now()
	s, err := Open(ctx, path, scaleOptions())
	if err != nil {
		return err
	}
	defer s.Close()
	out.Open = since(start)
	search := func(i int, mode Mode) ([]Hit, error) {
		return s.Search(ctx, Query{Vectors: queries[i], K: 10, Mode: mode})
	}
	if _, err := search(0, Auto); err != nil {
		return err
	}
	out.First = since(start)
	var times []float64
	pruned := make([][]Hit, len(queries))
	for i := range queries {
		start := time.Now()
		if pruned[i], err = search(i, Auto); err != nil {
			return err
		}
		times = append(times, since(start))
	}
	slices.Sort(times)
	out.P50, out.P95 = times[len(times)/2], times[len(times)*95/100]
	out.Peak = status("VmHWM")

	const compared = 10
	common := 0
	start = time.Now()
	for i := range compared {
		exact, err := search(i, Exact)
		if err != nil {
			return err
		}
		for _, h := range exact {
			if slices.ContainsFunc(pruned[i], func(p Hit) bool { return p.Passage.ID == h.Passage.ID }) {
				common++
			}
		}
	}
	out.Exact = since(start) / compared
	out.Recall = float64(common) / (10 * compared)
	return json.NewEncoder(os.Stdout).Encode(out)
}

// BenchmarkScale fills a store with synthetic passages of 128 tokens of 48
// dimensions in 4 bits, then measures searching in a fresh process. Filling
// 100,000 takes minutes; TOLLER_STORE_SCALE names a folder to keep the files
// in and to find them again.
func BenchmarkScale(b *testing.B) {
	folder := os.Getenv("TOLLER_STORE_SCALE")
	if folder == "" {
		folder = b.TempDir()
	}
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			path := filepath.Join(folder, fmt.Sprint(n))
			if _, err := os.Stat(path); err != nil {
				front, back := fill(b, path, n)
				b.ReportMetric(float64(front.Milliseconds()), "add-first-ms")
				b.ReportMetric(float64(back.Milliseconds()), "add-last-ms")
			}
			if info, err := os.Stat(path); err == nil {
				b.ReportMetric(float64(info.Size())/1e6, "file-MB")
			}
			for b.Loop() {
				text, err := command(b.Context(), os.Args[0], "measure", path, 0).Output()
				if err != nil {
					b.Fatal(err)
				}
				var m scale
				if err := json.Unmarshal(text, &m); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(m.Open, "open-ms")
				b.ReportMetric(m.First, "first-ms")
				b.ReportMetric(m.P50, "p50-ms")
				b.ReportMetric(m.P95, "p95-ms")
				b.ReportMetric(m.Exact, "exact-ms")
				b.ReportMetric(m.Recall, "recall")
				b.ReportMetric(m.Peak, "peak-MB")
			}
		})
	}
}

// fill adds n passages, and returns what the first and the last thousand cost.
func fill(b testing.TB, path string, n int) (front, back time.Duration) {
	s := open(b, path, scaleOptions())
	defer s.Close()
	c := scaleCollection()
	const batch = 1000
	var costs []time.Duration
	for first := 0; first < n; first += batch {
		documents := make([]Document, batch)
		for i := range documents {
			documents[i] = c.document(fmt.Sprint(first+i), 1, scaleTokens)
		}
		start := time.Now()
		if _, err := s.Add(b.Context(), documents); err != nil {
			b.Fatal(err)
		}
		costs = append(costs, time.Since(start))
	}
	front, back = costs[0], costs[len(costs)-1]
	slices.Sort(costs)
	var sum time.Duration
	for _, c := range costs {
		sum += c
	}
	b.Logf("1,000 passages: median %v, slowest %v; all %v", costs[len(costs)/2], costs[len(costs)-1], sum)
	if stat, err := s.Stat(b.Context()); err != nil || stat.Trouble != nil {
		b.Fatal(err, stat.Trouble)
	} else {
		b.Logf("%d centroids, %d segments", stat.Centroids, stat.Segments)
	}
	return front, back
}
