package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
)

// Fusion is how a hybrid search makes one order of its candidates, which are the
// best by full text and the best by MaxSim. Equals are ordered by their ids.
type Fusion uint8

const (
	// Weighted, the default, orders by
	//
	//	share · BM25 + (1 − share) · MaxSim
	//
	// where share is Query.Lexical and both scores are scaled over all
	// candidates, from 0 for the smallest to 1 for the largest. The BM25 of a
	// candidate that has none of the words is 0. Scores are comparable within one
	// search only. bench/RESULTS.md compares this with other fusions.
	Weighted Fusion = iota
	// RRF is reciprocal rank fusion (Cormack, Clarke and Büttcher 2009): the sum
	// of 1 / (60 + rank) over the candidates' orders by MaxSim and by BM25. Who
	// has none of the words has no rank in the latter.
	RRF
	// ByMaxSim orders by MaxSim alone: full text only finds candidates.
	ByMaxSim
)

func (f Fusion) String() string {
	names := [...]string{"weighted", "rrf", "maxsim"}
	if int(f) < len(names) {
		return names[f]
	}
	return fmt.Sprintf("fusion %d", f)
}

const (
	// With toller-small, shares of 0.2 to 0.4 are the best and nearly equal on
	// SciFact and se-mix: 3 points of nDCG@10 in a hundred above MaxSim alone.
	// bench/RESULTS.md, "Fusion".
	defaultLexical = 0.3
	// From 10 to 100 it makes a difference of less than half a point.
	rrfConstant = 60

	// Each side of a hybrid search gives hybridPerHit candidates for a hit, at
	// least minHybrid: the weighted sum may lift one from far down. More than a
	// hundred change nothing that can be told from chance.
	hybridPerHit = 4
	minHybrid    = 100
)

// hybrid joins the candidates of both sides, scores each by both, and orders
// them by the fusion.
func (s *search) hybrid(ctx context.Context) ([]found, error) {
	k := min(max(minHybrid, hybridPerHit*s.K), MaxHits)
	near, err := s.nearest(ctx, k, s.PerDocument)
	if err != nil {
		return nil, err
	}
	lexical, err := s.lexical(ctx, k, s.PerDocument)
	if err != nil {
		return nil, err
	}

	union := map[int64]*found{}
	for _, n := range near {
		union[n.passage] = &found{scored: n, maxSim: float64(n.score)}
	}
	var unscored []int64
	for _, l := range lexical {
		if f := union[l.passage]; f != nil {
			f.bm25 = float64(l.score)
			f.document = l.document
			continue
		}
		union[l.passage] = &found{scored: l, bm25: float64(l.score)}
		unscored = append(unscored, l.passage)
	}
	slices.Sort(unscored)
	if err := s.scoreCached(ctx, unscored, func(one scored) {
		union[one.passage].maxSim = float64(one.score)
	}); err != nil {
		return nil, err
	}
	// Full text may have more passages, and more of each document.
	if len(lexical) == k || s.PerDocument && len(lexical) > 0 {
		var wordless []int64 // as far as is known
		for _, n := range near {
			if union[n.passage].bm25 == 0 {
				wordless = append(wordless, n.passage)
			}
		}
		if err := s.scoreWords(ctx, wordless, func(passage int64, bm25 float64) {
			union[passage].bm25 = bm25
		}); err != nil {
			return nil, err
		}
	}

	list := make([]found, 0, len(union))
	for _, f := range union {
		list = append(list, *f)
	}
	s.Fusion.order(list, s.Lexical)
	if s.PerDocument {
		list = firstOfDocument(list)
	}
	return list[:min(len(list), s.K)], nil
}

// scoreWords calls f with the BM25 of each passage of ids that has any of the
// query's words.
func (s *search) scoreWords(ctx context.Context, ids []int64, f func(passage int64, bm25 float64)) error {
	// The + has SQLite go through the words' lists once, not once for each id.
	return s.each(ctx, `SELECT rowid, -bm25(words) FROM words WHERE words MATCH ? AND +rowid IN (SELECT value FROM json_each(?))`,
		[]any{match(termsFor(s.version, s.Text)), idList(ids)}, func(r *sql.Rows) error {
			var passage int64
			var score float64
			err := r.Scan(&passage, &score)
			if !math.IsNaN(score) {
				f(passage, float64(float32(score))) // as lexical rounds it
			}
			return err
		})
}

// order gives each candidate its final score and sorts by that.
func (f Fusion) order(list []found, lexical float64) {
	switch f {
	case ByMaxSim:
		for i := range list {
			list[i].final = list[i].maxSim
		}
	case Weighted:
		bm25 := scaling(list, func(c *found) float64 { return c.bm25 })
		maxSim := scaling(list, func(c *found) float64 { return c.maxSim })
		for i := range list {
			list[i].final = lexical*bm25(list[i].bm25) + (1-lexical)*maxSim(list[i].maxSim)
		}
	case RRF:
		rank := func(by func(*found) float64, counts func(*found) bool) {
			slices.SortFunc(list, func(a, b found) int {
				return cmp.Or(cmp.Compare(by(&b), by(&a)), cmp.Compare(a.passage, b.passage))
			})
			for i := range list {
				if counts(&list[i]) {
					list[i].final += 1 / float64(rrfConstant+i+1)
				}
			}
		}
		rank(func(c *found) float64 { return c.maxSim }, func(*found) bool { return true })
		rank(func(c *found) float64 { return c.bm25 }, func(c *found) bool { return c.bm25 > 0 })
	}
	slices.SortFunc(list, func(a, b found) int {
		return cmp.Or(cmp.Compare(b.final, a.final), cmp.Compare(a.passage, b.passage))
	})
}

// scaling takes the smallest of the candidates' scores to 0 and the largest to
// 1. Where all are the same they are 1, or 0 if nothing matches.
func scaling(list []found, of func(*found) float64) func(score float64) float64 {
	low, high := math.Inf(1), math.Inf(-1)
	for i := range list {
		low, high = min(low, of(&list[i])), max(high, of(&list[i]))
	}
	return func(score float64) float64 {
		if high == low {
			if score > 0 {
				return 1
			}
			return 0
		}
		return (score - low) / (high - low)
	}
}

// firstOfDocument keeps the first candidate of each document.
func firstOfDocument(list []found) []found {
	seen := map[int64]bool{}
	return slices.DeleteFunc(list, func(c found) bool {
		if seen[c.document] {
			return true
		}
		seen[c.document] = true
		return false
	})
}
