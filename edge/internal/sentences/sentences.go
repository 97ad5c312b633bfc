// Package sentences finds where sentences end.
package sentences

import (
	"iter"
	"unicode"
	"unicode/utf8"
)

// A Break is a place between two sentences.
type Break struct {
	End  int // of the one, in bytes of the text
	Next int // where the other begins, behind the white space
	// Blank tells that nothing but a blank line ends the sentence.
	Blank bool
}

// Breaks yields the places between two sentences of a text. A sentence ends at a
// full stop or the like, with the quotes and brackets that close behind it, if
// white space and no small letter follow; at a full stop of an East Asian script,
// whatever follows; and before a blank line. The text's own end is not among them.
func Breaks(text string) iter.Seq[Break] {
	return func(yield func(Break) bool) { scan(text, yield) }
}

// Ended reports whether a text ends with the end of a sentence.
func Ended(text string) bool {
	last := scan(text, func(Break) bool { return true })
	return last == fullStop || last == wideStop
}

// scan yields the breaks of a text and returns what it ends with.
func scan(text string, yield func(Break) bool) (last stop) {
	newlines, end := 0, 0 // since and where what was read last ended
	for p, r := range text {
		if unicode.IsSpace(r) {
			if r == '\n' {
				newlines++
			}
			continue
		}
		gap, kind := p > end, stopOf(r)
		stopped := last == fullStop && gap && !unicode.IsLower(r) || last == wideStop && (gap || kind == noStop)
		if (stopped || newlines > 1) && !yield(Break{end, p, !stopped}) {
			return last
		}
		if kind != closer || gap {
			last = kind
		}
		_, size := utf8.DecodeRuneInString(text[p:])
		newlines, end = 0, p+size
	}
	return last
}

// stop is what a character does for the end of a sentence.
type stop int

const (
	noStop   stop = iota
	fullStop      // ends one if white space follows
	wideStop      // ends one whatever follows
	closer        // belongs to the sentence whose end it follows
)

func stopOf(r rune) stop {
	switch r {
	case '.', '!', '?', '…':
		return fullStop
	case '。', '！', '？', '｡':
		return wideStop
	case '"', '\'', '”', '’', '»', ')', ']', '}', '」', '』':
		return closer
	}
	return noStop
}
