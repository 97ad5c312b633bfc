package edge

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/toller-search/toller/edge/internal/character"
	"github.com/toller-search/toller/edge/internal/sentences"
)

// A Highlight is a part of a document's text that speaks for it.
type Highlight struct {
	Span
	Weight float32 `json:"weight"` // share of the score that comes from here
}

// Highlights returns the parts of a document's text that the query's words
// match, in the order of the text and without overlap: those with at least
// minShare of the score. text must be what the document was encoded from.
//
// Only what matches the query's own text counts. Tokens that the model adds to
// a query match something in every document. A pooled vector's share is spread
// evenly over its members.
func (e Evidence) Highlights(text string, minShare float32) []Highlight {
	var marks []Highlight
	for _, m := range e.Matches {
		if m.Query.Name != "" || m.Similarity <= 0 || m.Share <= 0 {
			continue
		}
		for _, s := range m.Document.Spans {
			if s = trim(text, s); s.Len() > 0 {
				marks = append(marks, Highlight{s, m.Share / float32(len(m.Document.Spans))})
			}
		}
	}
	slices.SortStableFunc(marks, func(a, b Highlight) int { return cmp.Compare(a.Start, b.Start) })

	// Pieces of a word touch each other: they become one.
	var merged []Highlight
	for _, m := range marks {
		if n := len(merged); n > 0 && m.Start <= merged[n-1].End {
			merged[n-1].End = max(merged[n-1].End, m.End)
			merged[n-1].Weight += m.Weight
		} else {
			merged = append(merged, m)
		}
	}
	return slices.DeleteFunc(merged, func(h Highlight) bool { return h.Weight < minShare })
}

// BestPassage returns the passage of at most maxBytes of a document's text that
// has the largest share of the score: whole sentences where they fit, else
// whole words. Without any match in the text it is the text's beginning. text
// must be what the document was encoded from.
func (e Evidence) BestPassage(text string, maxBytes int) Span {
	return BestPassage(text, e.Highlights(text, 0), maxBytes)
}

// BestPassage returns the passage of at most maxBytes of a text in which the
// highlights, in the order of the text and without overlap, have the most weight:
// whole sentences where they fit, else whole words.
func BestPassage(text string, marks []Highlight, maxBytes int) Span {
	maxBytes = max(maxBytes, 0)
	core := densest(marks, maxBytes)
	if whole := (Span{character.Before(text, core.Start), character.After(text, core.End)}); whole.Len() <= maxBytes {
		core = whole // a mark may be of a piece of a character
	}
	if core.Len() > maxBytes {
		core.End = max(core.Start, character.Before(text, core.Start+maxBytes))
	}

	room := maxBytes - core.Len()
	breaks := sentenceBreaks(text, core.Start-room, core.End+room)
	passage := Span{-1, 0}
	for _, b := range breaks {
		if b.Next <= core.Start {
			passage.Start = b.Next
		}
	}
	cut := passage.Start < 0 // the sentence starts too far away
	if cut {
		passage.Start = wordStart(text, core.Start, room/2)
	}
	room -= core.Start - passage.Start
	passage.End = wordEnd(text, core.End, room)
	for _, b := range breaks {
		if b.End >= core.End && b.End > passage.Start && b.End <= core.End+room {
			passage.End = b.End
			break
		}
	}
	if cut {
		passage.Start = wordStart(text, passage.Start, maxBytes-passage.Len())
	}
	return trim(text, passage)
}

// densest returns the range of at most size bytes, or else of one highlight,
// that has the most weight; of equals the shortest, then the first.
func densest(marks []Highlight, size int) Span {
	var best Span
	var most float64
	end, weight := 0, 0.0
	for start := range marks {
		for end < len(marks) && (end == start || marks[end].End-marks[start].Start <= size) {
			weight += float64(marks[end].Weight)
			end++
		}
		s := Span{marks[start].Start, marks[end-1].End}
		if weight > most || weight == most && s.Len() < best.Len() {
			best, most = s, weight
		}
		weight -= float64(marks[start].Weight)
	}
	return best
}

// sentenceBreaks finds the places between sentences from from to to, which may lie
// outside the text, and where that is reached the text's ends.
func sentenceBreaks(text string, from, to int) []sentences.Break {
	var breaks []sentences.Break
	if from <= 0 {
		from = 0
		breaks = append(breaks, sentences.Break{})
	}
	for from < len(text) && !utf8.RuneStart(text[from]) {
		from++
	}
	part := text[from:min(max(to, from)+utf8.UTFMax, len(text))]
	for b := range sentences.Breaks(part) {
		breaks = append(breaks, sentences.Break{End: from + b.End, Next: from + b.Next})
	}
	if to >= len(text) || sentences.Ended(part) {
		end := from + len(strings.TrimRightFunc(part, unicode.IsSpace))
		breaks = append(breaks, sentences.Break{End: end, Next: len(text)})
	}
	return breaks
}

// wordStart returns the first start of a word in the room bytes before at, at
// itself if there is none.
func wordStart(text string, at, room int) int {
	for p := max(at-room, 0); p < at; p++ {
		if (p == 0 || isSpace(text[p-1])) && !isSpace(text[p]) {
			return p
		}
	}
	return at
}

// wordEnd returns the last end of a word in the room bytes after at, or the
// last end of a character if no word ends there.
func wordEnd(text string, at, room int) int {
	last := min(at+room, len(text))
	for p := last; p > at; p-- {
		if (p == len(text) || isSpace(text[p])) && !isSpace(text[p-1]) {
			return p
		}
	}
	return max(at, character.Before(text, last))
}

// isSpace reports ASCII white space, enough to tell words apart.
func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// trim cuts a span back to the text and takes white space off its ends.
func trim(text string, s Span) Span {
	s.End = min(max(s.End, 0), len(text))
	s.Start = min(max(s.Start, 0), s.End)
	part := text[s.Start:s.End]
	s.Start += len(part) - len(strings.TrimLeftFunc(part, unicode.IsSpace))
	s.End -= len(part) - len(strings.TrimRightFunc(part, unicode.IsSpace))
	s.End = max(s.End, s.Start)
	return s
}
