package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
)

// What is measured: the lengths that bench/RESULTS.md has figures of too.
const (
	benchDocumentTokens = 300
	benchDocuments      = 20
	benchQuery          = "how long does it take to walk from the harbour to the old town in winter?"
)

// benchText is what documents are made of. Speed doesn't depend on what it says.
const benchText = `The harbour lies below the old town, and the path between them climbs along a wall of dark stone. In winter the steps
are wet and few people take them, so that one meets nobody but the postman and, on market days, women with baskets of fish. `

// speed is what toller bench finds out.
type speed struct {
	Version   string  `json:"version"`
	Machine   string  `json:"machine,omitempty"` // as the system names it, if it does
	Threads   int     `json:"threads"`
	Kernels   string  `json:"kernels"`
	Model     string  `json:"model"`
	Query     float64 `json:"query_ms"`     // encoding one of some 16 tokens
	Document  float64 `json:"document_ms"`  // encoding one of 300 tokens
	Rank      float64 `json:"rank_ms"`      // ranking 20 of these
	PeakBytes uint64  `json:"peak_bytes"`   // resident, if the system tells
	Rounds    int     `json:"rounds"`       // that the times are medians of
	Tokens    int     `json:"tokens"`       // of a document
	PerSecond float64 `json:"tokens_per_s"` // while ranking
}

func benchCommand(o *options) *cobra.Command {
	var duration time.Duration
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure how fast this machine is, in one line",
		Long: fmt.Sprintf(`Measure how long this machine takes to encode a query, to encode a document of %d
tokens and to rank %d of these, and print that in one line, which is meant to be
passed on: with the version, the machine's name, threads, instruction set and peak
memory. Times are medians; other work on the machine makes them longer.`, benchDocumentTokens, benchDocuments),
		Example: `  toller bench
  toller bench --threads 1 --model path/to/checkpoint`,
		Args: arguments(0, 0, "none"),
		RunE: runs(func(cmd *cobra.Command, _ []string) error {
			if duration <= 0 {
				return usage("--time is %v, expected more than 0", duration)
			}
			return o.bench(cmd.Context(), duration)
		}),
	}
	cmd.Flags().DurationVar(&duration, "time", 5*time.Second, "measure at least so long")
	return cmd
}

func (o *options) bench(ctx context.Context, duration time.Duration) error {
	model, err := o.open()
	if err != nil {
		return err
	}
	defer model.Close()
	s, err := measureSpeed(ctx, model, duration)
	if err != nil {
		return err
	}
	out := terminal.NewScreen(o.color)
	if o.json {
		return out.WriteJSON(s)
	}
	fmt.Fprintln(out, s.line())
	return out.Flush()
}

// measureSpeed takes turns until the time is over, after a first turn that
// doesn't count.
func measureSpeed(ctx context.Context, model *edge.Model, duration time.Duration) (*speed, error) {
	text := strings.Repeat(benchText, 1+benchDocumentTokens*8/len(benchText))
	documents := slices.Repeat([]string{text}, benchDocuments)
	cut := edge.MaxTokens(benchDocumentTokens)
	var query, document, rank []float64
	timed := func(times *[]float64, f func() error) error {
		start := time.Now()
		err := f()
		*times = append(*times, float64(time.Since(start))/1e6)
		return err
	}
	for start := time.Now(); len(rank) < 2 || time.Since(start) < duration; {
		if err := timed(&query, func() error { _, err := model.EncodeQuery(ctx, benchQuery); return err }); err != nil {
			return nil, err
		}
		if err := timed(&document, func() error { _, err := model.EncodeDocuments(ctx, documents[:1], cut); return err }); err != nil {
			return nil, err
		}
		if err := timed(&rank, func() error { _, err := model.Rank(ctx, benchQuery, documents, cut); return err }); err != nil {
			return nil, err
		}
	}
	info := model.Info()
	s := &speed{
		Version: version(), Machine: machineName(), Threads: info.Threads, Kernels: info.Kernels, Model: info.Name,
		Query: median(query[1:]), Document: median(document[1:]), Rank: median(rank[1:]),
		PeakBytes: peakBytes(), Rounds: len(rank) - 1, Tokens: benchDocumentTokens,
	}
	s.PerSecond = benchDocuments * benchDocumentTokens / s.Rank * 1e3
	return s, nil
}

func (s *speed) line() string {
	parts := []string{"toller " + s.Version}
	if s.Machine != "" {
		parts = append(parts, s.Machine)
	}
	parts = append(parts, terminal.Count(s.Threads, "thread")+", "+s.Kernels, s.Model,
		fmt.Sprintf("query %.1f ms", s.Query),
		fmt.Sprintf("document of %d tokens %.1f ms", s.Tokens, s.Document),
		fmt.Sprintf("ranking %d %.0f ms (%s tokens/s)", benchDocuments, s.Rank, terminal.Grouped(int(s.PerSecond))))
	if s.PeakBytes > 0 {
		parts = append(parts, "peak memory "+terminal.Megabytes(s.PeakBytes))
	}
	return strings.Join(parts, " | ")
}

func median(times []float64) float64 {
	times = slices.Sorted(slices.Values(times))
	return times[len(times)/2]
}

// machineName is what Linux calls a board, or else its processor; other systems
// tell nothing that easily.
func machineName() string {
	if board, err := os.ReadFile("/proc/device-tree/model"); err == nil {
		return strings.TrimRight(string(board), "\x00\n")
	}
	return field("/proc/cpuinfo", "model name")
}

// peakBytes is the most memory that was resident, on Linux.
func peakBytes() uint64 {
	kilobytes, err := strconv.ParseUint(strings.TrimSuffix(field("/proc/self/status", "VmHWM"), " kB"), 10, 64)
	if err != nil {
		return 0
	}
	return kilobytes << 10
}

// field is the first value of a name in a file of lines such as "name: value".
func field(path, name string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
