package evidence

import (
	"strings"
	"unicode/utf8"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
)

// A Passage is the part of a document that answers the query best.
type Passage struct {
	Text       string      `json:"text"`
	Start      int         `json:"start"` // bytes of the document's text
	End        int         `json:"end"`
	Highlights []Highlight `json:"highlights"`

	first, last bool // nothing comes before it, nothing after
}

// A Highlight is a word that answers a word of the query.
type Highlight struct {
	Start  int     `json:"start"` // bytes of the passage's text
	End    int     `json:"end"`
	Weight float32 `json:"weight"` // share of the score
}

// NewPassage returns the part of a text that span is, with what highlights mark in
// it. The text begins at byte offset of its document.
func NewPassage(text string, offset int, span edge.Span, highlights []edge.Highlight) *Passage {
	p := &Passage{
		Text: span.Of(text), Start: offset + span.Start, End: offset + span.End, Highlights: []Highlight{},
		first: offset == 0 && strings.TrimSpace(text[:span.Start]) == "",
		last:  strings.TrimSpace(text[span.End:]) == "",
	}
	for _, h := range highlights {
		start, end := max(h.Start, span.Start)-span.Start, min(h.End, span.End)-span.Start
		if start < end {
			p.Highlights = append(p.Highlights, Highlight{start, end, h.Weight})
		}
	}
	return p
}

// Cells shows the passage with the words that hold its highlights in color,
// and with an ellipsis wherever the document goes on.
func (p *Passage) Cells() []terminal.Cell {
	var marks []terminal.Mark
	for _, h := range p.Highlights {
		start, end := wholeWords(p.Text, h.Start, h.End)
		if strings.ContainsFunc(p.Text[start:end], isLetterOrDigit) {
			marks = append(marks, terminal.Mark{Start: start, End: end, Style: terminal.Matched})
		}
	}
	shown := terminal.Cells(p.Text, marks)
	if !p.first {
		shown = append([]terminal.Cell{terminal.Ellipsis}, shown...)
	}
	if !p.last && !endsSentence(p.Text) {
		shown = append(shown, terminal.Ellipsis)
	}
	return shown
}

func endsSentence(text string) bool {
	last, _ := utf8.DecodeLastRuneInString(text)
	return strings.ContainsRune(".!?。！？", last)
}
