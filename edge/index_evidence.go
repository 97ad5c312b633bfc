package edge

import (
	"context"
	"strings"
	"unicode"

	"github.com/toller-search/toller/store"
)

// titleName stands for tokens that are in an index entry's title and not in
// its text.
const titleName = "title"

// explanation is the evidence of a passage of an index, in what was encoded for
// it: title and text.
type explanation struct {
	Evidence
	encoded  string
	text     int // where the passage's text begins in encoded, 0 without a title
	indented int // bytes of white space before the title that are not encoded
}

// explain takes the score of a hit apart. Where the stored vectors are not
// those of the passage's tokens, because they were projected to fewer
// dimensions or come from another tokenizer, the passage is encoded again.
func (x *Index) explain(ctx context.Context, q *Query, h *store.Hit) (*explanation, error) {
	e := &explanation{indented: len(h.Title) - len(strings.TrimLeftFunc(h.Title, unicode.IsSpace))}
	e.encoded, e.text = titled(h.Title, h.Text)
	var d *Document
	var err error
	if stopped := await(ctx, func() { d, err = x.model.attach(e.encoded, h.Passage.Vectors, h.Passage.Clusters) }); stopped != nil {
		return nil, stopped
	}
	if err != nil {
		return nil, err
	}
	if d == nil {
		fresh, err := x.model.EncodeDocuments(ctx, []string{e.encoded}, MaxTokens(maxPassage))
		if err != nil {
			return nil, err
		}
		d = fresh[0]
		if data, clusters, err := x.pooled(ctx, d); err != nil {
			return nil, err
		} else if clusters != nil {
			d = &Document{d.grouped(data, clusters)}
		}
	}
	e.Evidence = Explain(q, d)
	return e, nil
}

// attach returns vectors that were stored for a text, [n, Dim], as the document
// that they were when it was encoded. clusters, when it was pooled, has for
// each kept token its vector. The document is nil if they can't be the text's.
func (m *Model) attach(text string, data []float32, clusters []uint32) (*Document, error) {
	s, err := m.documents.prepare(text, maxPassage)
	if err != nil {
		return nil, err
	}
	v := m.withoutVectors(s)
	n := len(data) / v.dim
	if len(data)%v.dim != 0 {
		return nil, nil
	}
	if clusters == nil {
		if n != len(v.tokens) {
			return nil, nil
		}
		v.data = data
		return &Document{v}, nil
	}
	if len(clusters) != len(v.tokens) {
		return nil, nil
	}
	members := make([]int, n)
	for _, c := range clusters {
		if int(c) >= n {
			return nil, nil
		}
		members[c]++
	}
	for _, count := range members {
		if count == 0 {
			return nil, nil
		}
	}
	return &Document{v.grouped(data, clusters)}, nil
}

// split turns a span of what was encoded into one of the title or one of the
// passage's text.
func (e *explanation) split(s Span) (part Span, inTitle bool) {
	// The token after a title begins with the space between it and the text.
	if s.End > e.text {
		return Span{max(s.Start-e.text, 0), s.End - e.text}, false
	}
	end := min(s.End, e.text-1)
	return Span{min(s.Start, end) + e.indented, end + e.indented}, true
}

// highlights returns what in the title and in the text answers the query. A
// word counts from a quarter of a query vector's mean share.
func (e *explanation) highlights() (title, text []Highlight) {
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
func (e *explanation) evidence() *Evidence {
	out := e.Evidence
	out.Matches = make([]Match, len(e.Matches))
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
