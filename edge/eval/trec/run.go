package trec

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/toller-search/toller/edge/eval/measure"
)

// A Run is what a system has found.
type Run struct {
	Tag     string                   // the system's name, a word
	Results map[string][]measure.Hit // by query id, best first
}

// Read reads a run; name is what errors call it. A document twice for one query is an
// error, as in trec_eval.
func Read(r io.Reader, name string) (*Run, error) {
	run := &Run{Results: make(map[string][]measure.Hit)}
	seen := make(map[[2]string]bool)
	err := lines(r, name, func(fields []string) error {
		if len(fields) != 6 {
			return fmt.Errorf("expected 6 fields (query, Q0, document, rank, score, tag), found %d", len(fields))
		}
		query, document := fields[0], fields[2]
		score, err := strconv.ParseFloat(fields[4], 64)
		if err != nil || math.IsNaN(score) {
			return fmt.Errorf("score: expected a number, found %q", fields[4])
		}
		if seen[[2]string{query, document}] {
			return fmt.Errorf("document: query %q has %q twice", query, document)
		}
		seen[[2]string{query, document}] = true
		run.Tag = fields[5]
		run.Results[query] = append(run.Results[query], measure.Hit{Document: document, Score: float32(score)})
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(run.Results) == 0 {
		return nil, fmt.Errorf("trec: %s: expected a result a line, found none", name)
	}
	for _, hits := range run.Results {
		measure.Sort(hits)
	}
	return run, nil
}

// Write writes a run, queries in ascending order. Scores are written so that reading
// them gives the same float32 again. An id that is empty or has white space in it can't
// be written and is an error.
func (run *Run) Write(w io.Writer) error {
	out := bufio.NewWriter(w)
	if !word(run.Tag) {
		return fmt.Errorf("trec: tag: expected a word, found %q", run.Tag)
	}
	for _, query := range slices.Sorted(maps.Keys(run.Results)) {
		if !word(query) {
			return fmt.Errorf("trec: query: expected an id without white space, found %q", query)
		}
		for i, hit := range run.Results[query] {
			if !word(hit.Document) {
				return fmt.Errorf("trec: document: expected an id without white space, found %q", hit.Document)
			}
			score := strconv.FormatFloat(float64(hit.Score), 'g', -1, 32)
			fmt.Fprintf(out, "%s Q0 %s %d %s %s\n", query, hit.Document, i+1, score, run.Tag)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("trec: %w", err)
	}
	return nil
}

// word tells whether s is one field.
func word(s string) bool {
	fields := strings.Fields(s)
	return len(fields) == 1 && fields[0] == s
}
