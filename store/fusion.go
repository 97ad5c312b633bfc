package store

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
)

// Fusion is the order of the candidates that a hybrid search joins.
type Fusion uint8

const (
	// ByMaxSim orders by MaxSim alone: full text only finds candidates.
	ByMaxSim Fusion = iota
	// Weighted orders by Query.Lexical · BM25 + (1 − Query.Lexical) · MaxSim,
	// both scaled to 0…1 over the candidates: BM25 by the largest, MaxSim from
	// the smallest to the largest.
	Weighted
	// RRF is reciprocal rank fusion (Cormack, Clarke and Büttcher 2009): the sum
	// of 1 / (60 + rank) over the two orders.
	RRF
)

func (f Fusion) String() string {
	names := [...]string{"maxsim", "weighted", "rrf"}
	if int(f) < len(names) {
		return names[f]
	}
	return fmt.Sprintf("fusion %d", f)
}

const (
	defaultLexical = 0.3
	rrfConstant    = 60

	// Each side of a hybrid search gives hybridPerHit candidates for a hit, at
	// least minHybrid: the weighted sum may lift one from far down.
	hybridPerHit = 4
	minHybrid    = 100
)

// hybrid joins the candidates of both sides, scores each by both, and orders
// them by the fusion.
func (s *search) hybrid(ctx context.Context) ([]found, error) {
	k := min(max(minHybrid, hybridPerHit*s.K), maxHits)
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

// order gives each candidate its final score and sorts by that.
func (f Fusion) order(list []found, lexical float64) {
	switch f {
	case ByMaxSim:
		for i := range list {
			list[i].final = list[i].maxSim
		}
	case Weighted:
		low, high, most := math.Inf(1), math.Inf(-1), 0.0
		for _, c := range list {
			low, high, most = min(low, c.maxSim), max(high, c.maxSim), max(most, c.bm25)
		}
		for i := range list {
			c := &list[i]
			if most > 0 {
				c.final = lexical * c.bm25 / most
			}
			if high > low {
				c.final += (1 - lexical) * (c.maxSim - low) / (high - low)
			}
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
