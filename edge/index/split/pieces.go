package split

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/toller-search/toller/edge/internal/character"
	"github.com/toller-search/toller/edge/internal/sentences"
)

// grain is the size of a piece of text.
type grain int

const (
	paragraph grain = iota
	sentence
	line
	word
)

// pieces cuts s into pieces of the next smaller grain, without the white space
// between them. A paragraph's headings, before body, belong to its first
// sentence.
func pieces(text string, s span, body int, of grain) iter.Seq[span] {
	switch of {
	case sentence:
		return sentencesOf(text, s, body)
	case line:
		return separated(text, s, func(r rune) bool { return r == '\n' || r == '\r' })
	default:
		return separated(text, s, unicode.IsSpace)
	}
}

// sentencesOf cuts s into sentences; a blank line alone ends none. The first doesn't
// end before from.
func sentencesOf(text string, s span, from int) iter.Seq[span] {
	return func(yield func(span) bool) {
		start := s.start
		for b := range sentences.Breaks(text[from:s.end]) {
			if b.Blank {
				continue
			}
			if !yield(span{start, from + b.End}) {
				return
			}
			start = from + b.Next
		}
		yield(span{start, s.end})
	}
}

// separated cuts s at separators and yields what has more than white space.
func separated(text string, s span, separator func(rune) bool) iter.Seq[span] {
	return func(yield func(span) bool) {
		for at := s.start; at < s.end; {
			n := strings.IndexFunc(text[at:s.end], separator)
			if n < 0 {
				n = s.end - at
			}
			if piece := trim(text, span{at, at + n}); piece.len() > 0 && !yield(piece) {
				return
			}
			_, size := utf8.DecodeRuneInString(text[at+n:])
			at += n + size
		}
	}
}

// wordsBackwards yields the words of s from the last to the first.
func wordsBackwards(text string, s span) iter.Seq[span] {
	return func(yield func(span) bool) {
		for s.len() > 0 {
			start := s.start
			if n := strings.LastIndexFunc(text[s.start:s.end], unicode.IsSpace); n >= 0 {
				_, size := utf8.DecodeRuneInString(text[s.start+n:])
				start += n + size
			}
			if start < s.end && !yield(span{start, s.end}) {
				return
			}
			s = trim(text, span{s.start, start})
		}
	}
}

// characterAt moves p back to the beginning of a character, if there is one
// near, but not to or before start: then to that of a code point, or after the one at
// start.
func characterAt(text string, start, p int) int {
	if q := character.Before(text, p); q > start {
		return q
	}
	for q := p; q > p-utf8.UTFMax && q > start; q-- {
		if q == len(text) || utf8.RuneStart(text[q]) {
			return q
		}
	}
	_, size := utf8.DecodeRuneInString(text[start:])
	return max(start+size, p-utf8.UTFMax)
}
