package engine

import (
	"fmt"
	"slices"

	"github.com/toller-search/toller/heads"
)

// Check refuses a query that no engine could answer.
func (q *Query) Check() error {
	switch {
	case q.Dim < 1 || len(q.Vectors) == 0 || len(q.Vectors)%q.Dim != 0:
		return fmt.Errorf("query: expected vectors of %d components, found %d components", q.Dim, len(q.Vectors))
	case q.K < 1:
		return fmt.Errorf("query: expected to be asked for 1 or more hits, found %d", q.K)
	}
	return nil
}

// Hit is a point that was found, of which an engine gives vectors [n, dim], with its
// score: toller's own MaxSim, whatever the engine says. Vectors of another length are
// refused with [ErrSpace]. It is for implementations of [Engine].
func (q *Query) Hit(id ID, load Payload, vectors []float32, dim int) (Hit, error) {
	if dim != q.Dim {
		return Hit{}, fmt.Errorf("%s: %w: expected %d components, found %d", id, ErrSpace, q.Dim, dim)
	}
	return Hit{ID: id, Payload: load, Score: float64(heads.MaxSim(q.Vectors, vectors, dim)), Vectors: vectors}, nil
}

// Ranked orders hits by score, equals by document and passage, and keeps the k best.
// It is for implementations of [Engine].
func Ranked(hits []Hit, k int) []Hit {
	slices.SortFunc(hits, func(a, b Hit) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		case a.Key != b.Key:
			if a.Key < b.Key {
				return -1
			}
			return 1
		default:
			return a.Passage - b.Passage
		}
	})
	return hits[:min(k, len(hits))]
}
