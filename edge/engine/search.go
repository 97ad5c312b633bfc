package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/index"
	"github.com/toller-search/toller/store/filter"
)

// Options are those of a [Search]; the zero value asks for ten documents.
type Options struct {
	TopK     int    // 0: 10
	Filter   string // in the language of package store/filter
	Exact    bool   // as in a [Query]
	Passages bool   // every passage, not the best of each document
	Bare     bool   // without highlights and snippets
	Evidence bool   // with the results' evidence
}

const (
	defaultTopK = 10
	// mostHits is how many an engine is asked for when one document has many of the
	// best passages.
	mostHits = 10_000
)

// Search finds what answers a query best in an engine's collection, best first, and
// gives it as a search of an index does: the query is encoded here, and so is the
// explanation made, of the vectors that the engine kept. What was found with
// vectors of another model is refused with [ErrSpace].
func Search(ctx context.Context, e Engine, m *edge.Model, query string, o Options) ([]index.Result, error) {
	if strings.TrimSpace(query) == "" {
		return nil, errors.New("engine: search: expected a query, found none")
	}
	if o.TopK == 0 {
		o.TopK = defaultTopK
	}
	condition, err := filter.Parse(o.Filter)
	if err != nil {
		return nil, err
	}
	q, err := m.EncodeQuery(ctx, query)
	if err != nil {
		return nil, err
	}
	hits, err := find(ctx, e, Query{
		Text: query, Vectors: q.Vectors(), Dim: m.Info().Dim, K: o.TopK, Filter: condition, Exact: o.Exact,
	}, !o.Passages)
	if err != nil {
		return nil, err
	}
	models := append(m.FormerDocumentFingerprints(), m.DocumentFingerprint())
	results := make([]index.Result, len(hits))
	for i := range hits {
		h := &hits[i]
		if !slices.Contains(models, h.Model) {
			return nil, fmt.Errorf("engine: search: passage %d of %q: %w: expected those of %s, found those of the model %s", h.Passage, h.Key, ErrSpace, m.Info().Name, h.Stamp.Model)
		}
		results[i] = h.Result()
		if o.Bare && !o.Evidence {
			continue
		}
		p := &index.Passage{Start: h.Start, End: h.End, Heading: h.Heading, Vectors: h.Vectors, Clusters: h.Clusters}
		if err := index.Explain(ctx, m, q, &results[i], p, h.Pool, o.Evidence); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// find asks for as many hits as it takes to have the best of q.K documents, or of
// all there are.
func find(ctx context.Context, e Engine, q Query, perDocument bool) ([]Hit, error) {
	for want := q.K; ; {
		hits, err := e.Search(ctx, &q)
		if err != nil || !perDocument {
			return hits, err
		}
		all := len(hits)
		seen := map[string]bool{}
		hits = slices.DeleteFunc(hits, func(h Hit) bool {
			again := seen[h.Key]
			seen[h.Key] = true
			return again
		})
		if len(hits) >= want || all < q.K || q.K >= mostHits {
			return hits[:min(want, len(hits))], nil
		}
		q.K = min(4*q.K, mostHits)
	}
}
