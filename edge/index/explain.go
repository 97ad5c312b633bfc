package index

import (
	"context"
	"fmt"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/store"
)

// Explain adds to a result what says why it was found, as a search of an index does,
// where another engine keeps the vectors: highlights, [Snippet] and, if asked for,
// [Evidence]. p has the passage's vectors and clusters as an index gave them
// ([Index.Export]), pool is the index's pooling factor, 0 for none. A passage whose
// vectors can't be those of its text is encoded again.
func Explain(ctx context.Context, m *edge.Model, q *edge.Query, r *Result, p *Passage, pool int, evidence bool) error {
	if dim := m.Info().Dim; len(p.Vectors)%dim != 0 {
		return fmt.Errorf("index: explain %q: %w: expected a multiple of %d components, found %d", r.Key, ErrModel, dim, len(p.Vectors))
	}
	x := &Index{model: m, pool: pool}
	if err := x.settle(m); err != nil {
		return err
	}
	h := &store.Hit{Key: r.Key, Title: r.Title, Source: r.Source, Text: r.Text, Passage: *p}
	return x.show(ctx, r, q, h, &searchOptions{evidence: evidence})
}
