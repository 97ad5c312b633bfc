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
	if o.Mode == Auto {
		o.Mode = Hybrid
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
	}
	switch {
	case q != nil && (o.evidence || !o.bare):
		for i := range hits {
			if err := x.show(ctx, &results[i], q, &hits[i], &o); err != nil {
				return nil, err
			}
		}
	case q == nil && !o.bare:
		return results, x.showWords(ctx, results, o.Text)
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

// show adds to a result what says why it was found.
func (x *Index) show(ctx context.Context, r *Result, q *edge.Query, h *store.Hit, o *searchOptions) error {
	e, err := x.explain(ctx, q, h)
	if err != nil {
		return err
	}
	if o.evidence {
		r.Evidence = e.evidence()
	}
	if !o.bare {
		title, text := e.highlights()
		r.TitleHighlights, r.Snippet = title, newSnippet(r.Text, text)
	}
	return nil
}

// showWords adds to the results of a lexical search where its words are.
func (x *Index) showWords(ctx context.Context, results []Result, query string) error {
	texts := make([]string, 0, 2*len(results))
	for _, r := range results {
		texts = append(texts, r.Title, r.Text)
	}
	marks, err := x.words(ctx, query, texts)
	if err != nil {
		return err
	}
	for i := range results {
		r := &results[i]
		r.TitleHighlights, r.Snippet = marks[2*i], newSnippet(r.Text, marks[2*i+1])
	}
	return nil
}
