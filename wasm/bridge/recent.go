//go:build js

package bridge

import (
	"context"
	"slices"
	"sync"

	"github.com/toller-search/toller/edge"
)

// remembered is how many queries are kept: documents come in many calls, mostly of
// one query, or of a few that are typed one after another.
const remembered = 4

// recent keeps the queries that were encoded last.
type recent struct {
	mu   sync.Mutex
	list []encoded // the last used first
}

type encoded struct {
	text  string
	query *edge.Query
}

// encode returns the query of a text.
func (r *recent) encode(ctx context.Context, m *edge.Model, text string) (*edge.Query, error) {
	if q := r.find(text); q != nil {
		return q, nil
	}
	q, err := m.EncodeQuery(ctx, text)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = slices.Insert(r.list, 0, encoded{text, q})
	if len(r.list) > remembered {
		r.list = slices.Delete(r.list, remembered, len(r.list))
	}
	return q, nil
}

func (r *recent) find(text string) *edge.Query {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.list, func(e encoded) bool { return e.text == text })
	if i < 0 {
		return nil
	}
	e := r.list[i]
	r.list = slices.Insert(slices.Delete(r.list, i, i+1), 0, e)
	return e.query
}

// clear forgets all.
func (r *recent) clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = nil
}
