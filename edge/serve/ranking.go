package serve

import (
	"cmp"
	"context"
	"slices"

	"github.com/toller-search/toller/edge"
)

// work is the texts of a request, and how its documents are cut.
type work struct {
	queries   []string // one, or one a document
	documents []string
	cut       int  // tokens at which a document is cut, 0 for the model's length
	whole     bool // refuse a text that would have to be cut
	// name is the field that documents were in, query that of queries.
	name, query string
}

// ranking is the score of each document, in the order given.
type ranking struct {
	hits      []edge.Hit
	tokens    int // of queries and documents
	truncated int // documents that were cut
}

// best is the n best, all if n is 0, best first and equals in the order given,
// as edge.Model.Rank has it.
func (r *ranking) best(n int) []edge.Hit {
	hits := slices.Clone(r.hits)
	slices.SortFunc(hits, func(a, b edge.Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Index, b.Index))
	})
	if n > 0 && n < len(hits) {
		hits = hits[:n]
	}
	return hits
}

// rank scores documents by queries.
func (c *call) rank(ctx context.Context, w *work) (*ranking, *refusal) {
	sizes, bad := c.measure(ctx, w)
	if bad != nil {
		return nil, bad
	}
	r := &ranking{hits: make([]edge.Hit, len(w.documents))}
	queries := make([]*edge.Query, len(w.queries))
	for i, text := range w.queries {
		if i > 0 && text == w.queries[i-1] {
			queries[i] = queries[i-1]
			continue
		}
		q, err := c.server.model.EncodeQuery(ctx, text)
		if err != nil {
			return nil, c.failed(err)
		}
		if w.whole && q.Truncated() {
			return nil, invalid(w.query, "expected at most %d tokens, since the request says that nothing may be cut, found more", c.server.info.Query.Length)
		}
		queries[i] = q
		r.tokens += q.Len()
	}
	err := c.documents(ctx, w, sizes, func(i int, d *edge.Document) {
		q := queries[0]
		if len(queries) > 1 {
			q = queries[i]
		}
		h := edge.Rank(q, []*edge.Document{d}, 0)[0]
		h.Index = i
		r.hits[i] = h
	})
	if err != nil {
		return nil, c.failed(err)
	}
	for i, h := range r.hits {
		r.tokens += sizes[i]
		if h.Truncated {
			r.truncated++
		}
	}
	return r, nil
}

// measure counts the tokens of each document, cut where it is cut. It refuses what
// is more than a request may have, and a text that would be cut if none may be.
func (c *call) measure(ctx context.Context, w *work) ([]int, *refusal) {
	s := c.server
	cut := s.info.Document.Length
	if w.cut > 0 {
		cut = w.cut
		// edge knows which lengths the model can have.
		if err := s.model.EncodeEach(ctx, nil, nil, edge.MaxTokens(cut)); err != nil {
			return nil, invalid("max_tokens_per_doc", "%v", err)
		}
	}
	sizes, total := make([]int, len(w.documents)), 0
	room := max(cut-s.overhead, 1)
	for i, text := range w.documents {
		if ctx.Err() != nil {
			return nil, c.failed(ctx.Err())
		}
		n := s.model.CountTokens(text, room+1)
		if w.whole && n > room {
			return nil, invalid(element(w.name, i), "expected at most %d tokens, since the request says that nothing may be cut, found more", room)
		}
		sizes[i] = min(n, room) + s.overhead
		if total += sizes[i]; total > s.limits.Tokens {
			return nil, tooMuch(w.name, "expected texts of at most %d tokens together, found more", s.limits.Tokens)
		}
	}
	return sizes, nil
}

// documents calls use with the vectors of each document, in any order and from
// several goroutines: those that are kept, and then those that have to be made.
func (c *call) documents(ctx context.Context, w *work, sizes []int, use func(i int, d *edge.Document)) error {
	s := c.server
	places := map[key][]int{} // of texts that aren't kept
	var missing []string
	var keys []key
	for i, text := range w.documents {
		k := s.cache.key(text, w.cut)
		if same, ok := places[k]; ok {
			places[k] = append(same, i)
			continue
		}
		if d := s.cache.get(k); d != nil {
			use(i, d)
			continue
		}
		places[k] = []int{i}
		missing, keys = append(missing, text), append(keys, k)
	}
	return s.model.EncodeEach(ctx, missing, func(n int, d *edge.Document) error {
		at := places[keys[n]]
		for _, i := range at {
			use(i, d)
		}
		s.metrics.encoded(sizes[at[0]])
		s.cache.put(keys[n], d)
		return nil
	}, edge.MaxTokens(w.cut))
}
