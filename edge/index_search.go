package edge

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/toller-search/toller/store"
)

// A Result is a passage that a search found.
type Result struct {
	Key    string `json:"key"`
	Title  string `json:"title"`
	Source string `json:"source"`

	Heading string `json:"heading"` // path of the headings above the passage: "Animals > Dogs"
	Start   int    `json:"start"`   // of the passage in the document's text, in bytes
	End     int    `json:"end"`
	Text    string `json:"text"` // of the passage

	Score  float64 `json:"score"`  // what the results are ordered by
	MaxSim float64 `json:"maxsim"` // of the stored vectors; 0 in ModeLexical
	BM25   float64 `json:"bm25"`   // larger is better; 0 where the full text doesn't match

	// Snippet is the stretch of Text that answers the query best.
	Snippet Snippet `json:"snippet"`
	// TitleHighlights are the parts of Title that answer the query.
	TitleHighlights []Highlight `json:"title_highlights"`
	// Evidence takes MaxSim apart, token by token, with [WithEvidence]. Spans of
	// document tokens are in Text, title spans in Title.
	Evidence *Evidence `json:"evidence,omitempty"`
}

// Search finds the passages that answer a query best, best first; equals come
// in the order in which they were added. It sees the index at one moment.
func (x *Index) Search(ctx context.Context, query string, opts ...SearchOption) ([]Result, error) {
	o := searchOptions{Query: store.Query{K: defaultLimit}}
	for _, opt := range opts {
		opt(&o)
	}
	if err := x.begin(); err != nil {
		return nil, err
	}
	defer x.calls.Done()
	if strings.TrimSpace(query) == "" {
		return nil, errors.New("edge: search: expected a query, found none")
	}
	o.Text = repair(query)
	if x.model == nil {
		if o.Mode == ModeAuto {
			o.Mode = ModeLexical
		}
		if o.Mode != ModeLexical {
			return nil, fmt.Errorf("edge: search in mode %s: %w", o.Mode, errNoModel)
		}
		if o.evidence {
			return nil, fmt.Errorf("edge: search with evidence: %w", errNoModel)
		}
	}
	var q *Query
	if o.Mode != ModeLexical || o.evidence {
		var err error
		if q, err = x.model.EncodeQuery(ctx, query); err != nil {
			return nil, err
		}
		o.Evidence = true
	}
	if o.Mode != ModeLexical {
		o.Vectors = q.data
	}
	hits, err := x.store.Search(ctx, o.Query)
	if err != nil {
		return nil, err
	}
	results := make([]Result, len(hits))
	for i := range hits {
		if results[i], err = x.result(ctx, query, q, &hits[i], o.evidence); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// result makes a hit presentable. q is nil in a lexical search, whose
// highlights are the query's words.
func (x *Index) result(ctx context.Context, query string, q *Query, h *store.Hit, evidence bool) (Result, error) {
	r := Result{
		Key: h.Key, Title: h.Title, Source: h.Source,
		Heading: h.Passage.Heading, Start: h.Passage.Start, End: h.Passage.End, Text: h.Text,
		Score: h.Score, MaxSim: h.MaxSim, BM25: h.BM25,
	}
	var marks []Highlight
	if q == nil {
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		words := newWordMatcher(query)
		r.TitleHighlights, marks = words.highlights(h.Title), words.highlights(h.Text)
	} else {
		e, err := x.explain(ctx, q, h)
		if err != nil {
			return r, err
		}
		r.TitleHighlights, marks = e.highlights()
		if evidence {
			r.Evidence = e.evidence()
		}
	}
	r.Snippet = newSnippet(h.Text, marks)
	return r, nil
}
