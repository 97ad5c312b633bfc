package mobile

import (
	"encoding/binary"
	"math"

	"github.com/toller-search/toller/edge"
)

// A Span is a stretch of a text.
type Span struct {
	Start  int     // in UTF-16 units
	End    int     // after the last unit
	Weight float64 // what of the score comes from here; 0 where that isn't known
}

// Spans is a list of stretches of one text, in its order.
type Spans struct{ list []Span }

// Len returns the number of spans.
func (s *Spans) Len() int { return len(s.list) }

// At returns a span, counted from 0.
func (s *Spans) At(i int) (*Span, error) {
	if i < 0 || i >= len(s.list) {
		return nil, outOfRange(i, len(s.list))
	}
	span := s.list[i]
	return &span, nil
}

// Packed returns all spans at once, twelve bytes each, little-endian: start and end
// as 32-bit integers, the weight as a 32-bit float.
func (s *Spans) Packed() []byte {
	le := binary.LittleEndian
	b := make([]byte, 0, 12*len(s.list))
	for _, x := range s.list {
		b = le.AppendUint32(b, uint32(x.Start))
		b = le.AppendUint32(b, uint32(x.End))
		b = le.AppendUint32(b, math.Float32bits(float32(x.Weight)))
	}
	return b
}

// newSpans gives spans of bytes in UTF-16 units.
func newSpans(text string, spans []edge.Span) *Spans {
	s := new(Spans)
	c := cursor{text: text}
	for _, x := range spans {
		s.list = append(s.list, Span{Start: c.units(x.Start), End: c.units(x.End)})
	}
	return s
}

// newHighlights gives highlights in UTF-16 units of text[from:], where they begin.
func newHighlights(text string, from int, marks []edge.Highlight) *Spans {
	s := new(Spans)
	c := cursor{text: text[from:]}
	for _, x := range marks {
		s.list = append(s.list, Span{Start: c.units(x.Start - from), End: c.units(x.End - from), Weight: float64(x.Weight)})
	}
	return s
}
