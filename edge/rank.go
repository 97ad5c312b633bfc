package edge

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// A Hit is one document of a ranking.
type Hit struct {
	Index int     `json:"index"` // position in the documents given
	Score float32 `json:"score"` // as MaxSim gives it
	Mean  float32 `json:"mean"`  // as MeanMaxSim gives it

	// Truncated says that the document was longer than the length it was cut at.
	Truncated bool `json:"truncated"`
}

// Rank scores documents by a query and returns them best first, equal scores in
// the order given. Documents are scored as they are encoded: only scores are
// kept. The context's end is an error.
func (m *Model) Rank(ctx context.Context, query string, docs []string, opts ...RankOption) ([]Hit, error) {
	var c call
	for _, opt := range opts {
		opt.rank(&c)
	}
	if c.topK < 0 {
		return nil, fmt.Errorf("edge: TopK: expected 0 or more, found %d", c.topK)
	}
	if err := m.begin(); err != nil {
		return nil, err
	}
	defer m.calls.Done()
	q, err := m.encodeQuery(ctx, query)
	if err != nil {
		return nil, err
	}
	hits := make([]Hit, len(docs))
	err = m.encodeEach(ctx, docs, c, func(i int, d *Document) error { hits[i] = newHit(q, i, d); return nil })
	if err != nil {
		return nil, err
	}
	return best(hits, c.topK), nil
}

// Rank scores encoded documents by a query and returns the topK best first, all
// if topK < 1, equal scores in the order given. Documents that another model
// encoded come last, with NaN for a score.
func Rank(q *Query, docs []*Document, topK int) []Hit {
	hits := make([]Hit, len(docs))
	for i, d := range docs {
		hits[i] = newHit(q, i, d)
	}
	return best(hits, topK)
}

func newHit(q *Query, i int, d *Document) Hit {
	score := MaxSim(q, d)
	return Hit{Index: i, Score: score, Mean: mean(score, q), Truncated: d.truncated}
}

// best sorts hits by descending score, then by index, and keeps the first topK,
// all if topK < 1.
func best(hits []Hit, topK int) []Hit {
	slices.SortFunc(hits, func(a, b Hit) int {
		// Compare puts NaN below every number, so it comes last.
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Index, b.Index))
	})
	if topK < 1 || topK >= len(hits) {
		return hits
	}
	return slices.Clone(hits[:topK]) // lets go of the rest
}
