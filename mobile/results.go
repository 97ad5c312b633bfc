package mobile

import (
	"github.com/toller-search/toller/edge/index"
)

// Results is what a search found, best first.
type Results struct {
	query string
	list  []index.Result
}

// Len returns the number of results.
func (r *Results) Len() int { return len(r.list) }

// At returns a result, the best at 0.
func (r *Results) At(i int) (*Result, error) {
	if i < 0 || i >= len(r.list) {
		return nil, outOfRange(i, len(r.list))
	}
	x := &r.list[i]
	c := cursor{text: x.Text}
	return &Result{
		Key: x.Key, Title: x.Title, Source: x.Source, Heading: x.Heading, Text: x.Text,
		Score: x.Score, MaxSim: x.MaxSim, Lexical: x.BM25,
		SnippetStart: c.units(x.Snippet.Start), Snippet: x.Snippet.Of(x.Text),
		found: x, query: r.query,
	}, nil
}

// A Result is a passage that a search found.
type Result struct {
	Key     string // of the entry
	Title   string
	Source  string
	Heading string // path of the headings above the passage: "Animals > Dogs"
	Text    string // of the passage

	Score   float64 // what the results are ordered by
	MaxSim  float64 // of the stored vectors
	Lexical float64 // BM25 of the full text; 0 where no word matches

	SnippetStart int    // where Snippet begins in Text, in UTF-16 units
	Snippet      string // the stretch of Text that answers the query best; empty without snippets

	query string
	found *index.Result // nil in an object that the other side made by itself
}

// Highlights returns the words of Snippet that answer the query, counted from its
// beginning.
func (r *Result) Highlights() *Spans {
	if r.found == nil {
		return new(Spans)
	}
	s := r.found.Snippet
	return newHighlights(r.found.Text[:s.End], s.Start, s.Highlights)
}

// TitleHighlights returns the words of Title that answer the query.
func (r *Result) TitleHighlights() *Spans {
	if r.found == nil {
		return new(Spans)
	}
	return newHighlights(r.found.Title, 0, r.found.TitleHighlights)
}

// Explain says where MaxSim comes from, token by token, with spans in Text and Title.
// It needs SearchOptions.Evidence.
func (r *Result) Explain() (e *Explanation, err error) {
	defer recovered(&err)
	if r.found == nil || r.found.Evidence == nil {
		return nil, missing("a result of a search with Evidence")
	}
	e = newExplanation(r.query, r.found.Text, *r.found.Evidence, defaultPassage)
	e.title = r.found.Title
	return e, nil
}
