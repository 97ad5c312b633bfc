package split

import (
	"math"
	"strings"
	"unicode"
)

// A Passage is a part of a text: its bytes from Start to End.
type Passage struct {
	Start, End int
	// Heading is the path of the headings that all of the passage stands under,
	// its own included, from the outermost: "Animals > Dogs > Retrievers". Long
	// headings are shortened.
	Heading string
}

// Options says how long passages may be.
type Options struct {
	// Budget is how many tokens a passage may have. 0 or less leaves the text
	// whole.
	Budget int
	// Overlap is how many tokens at the end of a passage may be repeated at the
	// beginning of the next; more than half the budget counts as half.
	Overlap int
	// Count returns the number of tokens of a text, without those that a model
	// adds to every text. It is called with pieces of the text, about five times
	// with each byte; their counts should about add up to the count of
	// the whole. nil counts bytes.
	Count func(text string) int
	// Plain tells that # begins no heading in this text, as in source code.
	Plain bool
}

// Passages cuts the text into passages. A text with nothing but white space
// has none.
func Passages(text string, o Options) []Passage {
	if o.Budget <= 0 {
		whole := trim(text, span{0, len(text)})
		if whole.len() == 0 {
			return nil
		}
		return []Passage{{Start: whole.start, End: whole.end}}
	}
	if o.Count == nil {
		o.Count = func(text string) int { return len(text) }
	}
	o.Budget = min(o.Budget, math.MaxInt32/maxTokenBytes)
	o.Overlap = min(o.Overlap, o.Budget/2)
	p := packer{text: text, options: o, outline: readOutline(text, o.Plain)}
	p.countBlocks()
	p.pack()
	return p.passages
}

// span is the bytes of the text from start to end.
type span struct{ start, end int }

func (s span) len() int { return s.end - s.start }

// trim takes white space off the ends of s.
func trim(text string, s span) span {
	part := strings.TrimLeftFunc(text[s.start:s.end], unicode.IsSpace)
	s.start = s.end - len(part)
	s.end = s.start + len(strings.TrimRightFunc(part, unicode.IsSpace))
	return s
}
