package bridge

import (
	"unicode/utf8"

	"github.com/toller-search/toller/edge"
)

// Places knows the UTF-16 code units that lie before each byte of a text; nil if
// that is the number of the byte.
type Places []int32

// PlacesIn finds the places in a text.
func PlacesIn(text string) Places {
	ascii := true
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	if ascii {
		return nil
	}
	p := make(Places, 0, len(text)+1)
	units := int32(0)
	for i, r := range text {
		for len(p) <= i { // bytes inside a character count as after it
			p = append(p, units)
		}
		units++
		if r >= 1<<16 {
			units++ // a surrogate pair
		}
	}
	for len(p) <= len(text) {
		p = append(p, units)
	}
	return p
}

// Span turns a span of bytes into one of code units.
func (p Places) Span(s edge.Span) edge.Span {
	if p == nil {
		return s
	}
	last := len(p) - 1
	return edge.Span{Start: int(p[min(s.Start, last)]), End: int(p[min(s.End, last)])}
}

// Token is a token whose spans are in the text.
func (p Places) Token(t edge.Token) edge.Token {
	if p == nil {
		return t
	}
	spans := make([]edge.Span, len(t.Spans))
	for i, s := range t.Spans {
		spans[i] = p.Span(s)
	}
	t.Spans = spans
	return t
}
