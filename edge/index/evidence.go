package index

import (
	"context"
	"errors"
	"strings"
	"unicode"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/store"
)

// titleName stands for tokens that are in an index entry's title and not in
// its text.
const titleName = "title"

// explanation is the evidence of a passage of an index, in what was encoded for
// it: title and text.
type explanation struct {
	edge.Evidence
	encoded  string
	text     int // where the passage's text begins in encoded, 0 without a title
	indented int // bytes of white space before the title that are not encoded
}

// explain takes the score of a hit apart. Where the stored vectors are not
// those of the passage's tokens, because they were projected to fewer
// dimensions or come from another tokenizer, the passage is encoded again.
func (x *Index) explain(ctx context.Context, q *edge.Query, h *store.Hit) (*explanation, error) {
	e := &explanation{indented: len(h.Title) - len(strings.TrimLeftFunc(h.Title, unicode.IsSpace))}
	e.encoded, e.text = x.titled(h.Title, h.Text)
	d, err := x.model.Attach(ctx, e.encoded, h.Passage.Vectors, h.Passage.Clusters, edge.MaxTokens(x.longest))
	if errors.Is(err, edge.ErrMismatch) {
		d, err = x.encodeAgain(ctx, e.encoded)
	}
	if err != nil {
		return nil, err
	}
	e.Evidence = edge.Explain(q, d)
	return e, nil
}

// encodeAgain encodes a passage as it was encoded for the index.
func (x *Index) encodeAgain(ctx context.Context, text string) (*edge.Document, error) {
	fresh, err := x.model.EncodeDocuments(ctx, []string{text}, edge.MaxTokens(x.longest))
	if err != nil {
		return nil, err
	}
	data, clusters, err := x.pooled(ctx, fresh[0])
	if err != nil || clusters == nil {
		return fresh[0], err
	}
	return x.model.Attach(ctx, text, data, clusters, edge.MaxTokens(x.longest))
}

// split turns a span of what was encoded into one of the title or one of the
// passage's text.
func (e *explanation) split(s edge.Span) (part edge.Span, inTitle bool) {
	// The token after a title begins with the space between it and the text.
	if s.End > e.text {
		return edge.Span{Start: max(s.Start-e.text, 0), End: s.End - e.text}, false
	}
	end := min(s.End, e.text-1)
	return edge.Span{Start: min(s.Start, end) + e.indented, End: end + e.indented}, true
}

// highlights returns what in the title and in the text answers the query. A
// word counts from a quarter of a query vector's mean share.
func (e *explanation) highlights() (title, text []edge.Highlight) {
	if len(e.Matches) == 0 {
		return nil, nil
	}
	for _, h := range e.Highlights(e.encoded, 0.25/float32(len(e.Matches))) {
		var inTitle bool
		if h.Span, inTitle = e.split(h.Span); inTitle {
			title = append(title, h)
		} else {
			text = append(text, h)
		}
	}
	return title, text
}

// evidence is the evidence with spans in the title and in the text.
func (e *explanation) evidence() *edge.Evidence {
	out := e.Evidence
	out.Matches = make([]edge.Match, len(e.Matches))
	for i, m := range e.Matches {
		t := &m.Document
		spans := t.Spans
		t.Spans = nil
		for _, s := range spans {
			if part, inTitle := e.split(s); inTitle {
				t.TitleSpans = append(t.TitleSpans, part)
			} else {
				t.Spans = append(t.Spans, part)
			}
		}
		if len(t.Spans) == 0 && len(t.TitleSpans) > 0 {
			t.Name = titleName
		}
		out.Matches[i] = m
	}
	return &out
}
