package index

import (
	"context"

	"github.com/toller-search/toller/edge"
)

// A Snippet is the stretch of a passage's text that answers a query best: whole
// sentences where they fit, else whole words.
type Snippet struct {
	edge.Span
	// Highlights are the words in it that answer the query, as bytes of the same
	// text that Span refers to.
	Highlights []edge.Highlight `json:"highlights"`
}

// snippetBytes is how long a snippet may be.
const snippetBytes = 280

// newSnippet cuts the snippet with the most weight out of a text.
func newSnippet(text string, marks []edge.Highlight) Snippet {
	s := Snippet{Span: edge.BestPassage(text, marks, snippetBytes)}
	for _, h := range marks {
		h.Start, h.End = max(h.Start, s.Start), min(h.End, s.End)
		if h.Start < h.End {
			s.Highlights = append(s.Highlights, h)
		}
	}
	return s
}

// words returns the parts of texts that a lexical search takes for words of the
// query, one list a text. Those that touch each other, as pieces of script without
// spaces do, are one.
func (x *Index) words(ctx context.Context, query string, texts []string) ([][]edge.Highlight, error) {
	matches, err := x.store.Matches(ctx, query, texts)
	if err != nil {
		return nil, err
	}
	marks := make([][]edge.Highlight, len(texts))
	for i, list := range matches {
		for _, m := range list {
			if n := len(marks[i]); n > 0 && marks[i][n-1].End == m.Start {
				marks[i][n-1].End = m.End
				marks[i][n-1].Weight += float32(m.Weight)
				continue
			}
			marks[i] = append(marks[i], edge.Highlight{Span: edge.Span{Start: m.Start, End: m.End}, Weight: float32(m.Weight)})
		}
	}
	return marks, nil
}
