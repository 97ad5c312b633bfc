package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// report is what came of the traffic.
type report struct {
	long       int
	together   time.Duration
	kinds      map[string]*samples
	memory     []float64 // bytes, one a second
	goroutines []float64
}

// samples are the answers of one kind.
type samples struct {
	took       []time.Duration
	unexpected int
	example    error
}

func (r *report) add(kind string, took time.Duration, err error) {
	s := r.kinds[kind]
	if s == nil {
		s = new(samples)
		r.kinds[kind] = s
	}
	s.took = append(s.took, took)
	if err != nil {
		s.unexpected++
		s.example = err
	}
}

func (r *report) unexpected() int {
	n := 0
	for _, s := range r.kinds {
		n += s.unexpected
	}
	return n
}

// quantile is the value below which a share of sorted values lies.
func quantile[T any](sorted []T, share float64) T {
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}

// print writes the report as Markdown.
func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "| | answers | p50 | p99 | longest | unexpected |\n|---|---|---|---|---|---|\n")
	for _, kind := range slices.Sorted(maps.Keys(r.kinds)) {
		s := r.kinds[kind]
		slices.Sort(s.took)
		name := kind
		if kind == "longs" {
			name = fmt.Sprintf("documents of %d tokens", r.long)
		}
		fmt.Fprintf(w, "| %s | %d | %s | %s | %s | %d |\n", name, len(s.took),
			milliseconds(quantile(s.took, .5)), milliseconds(quantile(s.took, .99)), milliseconds(s.took[len(s.took)-1]), s.unexpected)
	}
	if s := r.kinds["reranks"]; s != nil && r.together > 0 {
		fmt.Fprintf(w, "\n%.1f passages/s in reranks beside the rest.\n", float64(rerankSize*len(s.took))/r.together.Seconds())
	}
	if n := len(r.memory); n > 0 {
		fmt.Fprintf(w, "Memory after a quarter, half and all of it: %.0f, %.0f, %.0f MB; at most %.0f MB. Goroutines: %.0f, at most %.0f.\n",
			r.memory[n/4]/1e6, r.memory[n/2]/1e6, r.memory[n-1]/1e6, slices.Max(r.memory)/1e6, r.goroutines[n-1], slices.Max(r.goroutines))
	}
	for _, kind := range slices.Sorted(maps.Keys(r.kinds)) {
		if s := r.kinds[kind]; s.example != nil {
			fmt.Fprintf(w, "Unexpected in %s: %v\n", kind, s.example)
		}
	}
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}
