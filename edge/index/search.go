package index

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/toller-search/toller/edge"
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
	MaxSim float64 `json:"maxsim"` // of the stored vectors; 0 in Lexical
	BM25   float64 `json:"bm25"`   // larger is better; 0 where the full text doesn't match

	// Snippet is the stretch of Text that answers the query best; empty, as are
	// TitleHighlights, with [WithoutSnippets].
	Snippet Snippet `json:"snippet"`
	// TitleHighlights are the parts of Title that answer the query.
	TitleHighlights []edge.Highlight `json:"title_highlights"`
	// Evidence takes MaxSim apart, token by token, with [WithEvidence]. Spans of
	// document tokens are in Text, title spans in Title.
	Evidence *edge.Evidence `json:"evidence,omitempty"`
}

// Search finds the passages that answer a query best, best first; equals come
// in the order in which they were added. It sees the index at one moment.
func (x *Index) Search(ctx context.Context, query string, opts ...SearchOption) ([]Result, error) {
	o := searchOptions{Query: store.Query{K: defaultTopK}}
	for _, opt := range opts {
		opt(&o)
	}
	if err := x.begin(); err != nil {
		return nil, err
	}
	defer x.calls.Done()
	if strings.TrimSpace(query) == "" {
		return nil, errors.New("index: search: expected a query, found none")
	}
	o.Text = repair(query)
	if x.model == nil {
		if o.Mode == Auto {
			o.Mode = Lexical
		}
		if o.Mode != Lexical {
			return nil, fmt.Errorf("index: search in mode %s: %w", o.Mode, errNoModel)
		}
		if o.evidence {
			return nil, fmt.Errorf("index: search with evidence: %w", errNoModel)
		}
	}
	var q *edge.Query
	if o.Mode != Lexical || o.evidence {
		var err error
		if q, err = x.model.EncodeQuery(ctx, query); err != nil {
			return nil, err
		}
		o.Evidence = o.evidence || !o.bare
	}
	if o.Mode != Lexical {
		o.Vectors = q.Vectors()
	}
	hits, err := x.store.Search(ctx, o.Query)
	if err != nil {
		return nil, err
	}
	results := make([]Result, len(hits))
	for i := range hits {
		results[i] = newResult(&hits[i])
		if !o.bare || o.evidence {
			if err := x.show(ctx, &results[i], query, q, &hits[i], &o); err != nil {
				return nil, err
			}
		}
	}
	return results, nil
}

func newResult(h *store.Hit) Result {
	return Result{
		Key: h.Key, Title: h.Title, Source: h.Source,
		Heading: h.Passage.Heading, Start: h.Passage.Start, End: h.Passage.End, Text: h.Text,
		Score: h.Score, MaxSim: h.MaxSim, BM25: h.BM25,
	}
}

// show adds to a result what says why it was found. q is nil in a lexical
// search, whose highlights are the query's words.
func (x *Index) show(ctx context.Context, r *Result, query string, q *edge.Query, h *store.Hit, o *searchOptions) error {
	var title, text []edge.Highlight
	if q == nil {
		if err := ctx.Err(); err != nil {
			return err
		}
		words := newWordMatcher(query)
		title, text = words.highlights(h.Title), words.highlights(h.Text)
	} else {
		e, err := x.explain(ctx, q, h)
		if err != nil {
			return err
		}
		title, text = e.highlights()
		if o.evidence {
			r.Evidence = e.evidence()
		}
	}
	if !o.bare {
		r.TitleHighlights, r.Snippet = title, newSnippet(h.Text, text)
	}
	return nil
}
