package token

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	defaultChunk = 4 << 10
	// maxChunk keeps positions within a chunk far from the limits of an int32,
	// whatever normalization does to its length.
	maxChunk = 256 << 20
)

// cut returns where the chunk of text that begins at from ends: the first
// place, minChunk or more on, where nothing that is done to the text on one
// side depends on the other side. Where a text has no such place (which takes
// something like megabytes of one letter) the chunk is the whole rest.
func (e *encoder) cut(text string, from int) int {
	at := from + e.minChunk
	if at >= len(text) {
		return len(text)
	}
	for !utf8.RuneStart(text[at]) && at < len(text)-1 {
		at++
	}
	last, size := utf8.DecodeLastRuneInString(text[from:at])
	lastButOne, _ := utf8.DecodeLastRuneInString(text[from : at-size])
	for at < len(text) && at-from < maxChunk {
		if e.isBoundary(lastButOne, last, text[at-1], text[at:]) {
			return at
		}
		r, size := utf8.DecodeRuneInString(text[at:])
		lastButOne, last = last, r
		at += size
	}
	return at
}

// isBoundary says whether text may be cut before rest. The two characters
// before it are lastButOne and last, lastByte is the byte before it.
func (e *encoder) isBoundary(lastButOne, last rune, lastByte byte, rest string) bool {
	next, size := utf8.DecodeRuneInString(rest)
	where := e.preTokenizer.cut(lastButOne, last, next)
	if where == never {
		return false
	}

	// What becomes of the characters at both sides must be settled. before and
	// after are what is beside the place then.
	_, before, ok := e.settled(last)
	if !ok {
		return false
	}
	after, _, ok := e.settled(next)
	if !ok || size < len(rest) && !norm.NFC.PropertiesString(rest[size:]).BoundaryBefore() {
		return false
	}

	if where == inside && e.model.joins(before, after) {
		return false
	}

	// No added token may cross it, look across it or take white space beyond it.
	_, left := ends(before)
	right, _ := ends(after)
	return !e.touches(lastByte, rest[0]) && !e.touches(left, right) && !(before == ' ' && e.takesSpaceBefore)
}

// touches says whether an added token could have to do with both sides of a
// place between two bytes.
func (e *encoder) touches(before, after byte) bool {
	return e.joined.hasFolded(before, after) || e.isEdge[before] || e.isEdge[lowerASCII(before)] ||
		e.isEdge[after] || e.isEdge[lowerASCII(after)]
}

// settled says whether Options.Lower and the normalizers make the same of r
// whatever is beside it, combines it with nothing before it, and whether r
// means nothing to the question if a sigma near it ends a word. first and last
// are what it becomes begins and ends with, not counting that ASCII letters may
// become small.
func (e *encoder) settled(r rune) (first, last rune, ok bool) {
	if r == utf8.RuneError || isCaseIgnorable(r) {
		return 0, 0, false
	}
	if r >= utf8.RuneSelf {
		var encoded [utf8.UTFMax]byte
		n := utf8.EncodeRune(encoded[:], r)
		if !norm.NFC.Properties(encoded[:n]).BoundaryBefore() || !norm.NFC.IsNormal(encoded[:n]) ||
			unicode.ToLower(r) != r || characters().of(r)&capital != 0 {
			return 0, 0, false
		}
	}
	first, last = r, r
	for _, n := range e.normalizers {
		left, right, ok := n.settled(r)
		if !ok {
			return 0, 0, false
		}
		if left != r {
			first, last = left, right
		}
	}
	return first, last, true
}

// ends returns the first and the last byte of r in UTF-8.
func ends(r rune) (first, last byte) {
	var encoded [utf8.UTFMax]byte
	n := utf8.EncodeRune(encoded[:], r)
	return encoded[0], encoded[n-1]
}
