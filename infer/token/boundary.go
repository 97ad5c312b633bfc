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

	// Normalization must leave the characters at both sides as they are, or
	// turn them into their ASCII lower case, whatever is around them.
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
	return !e.touches(lastByte, rest[0]) && !e.touches(before, after) && !(before == ' ' && e.takesSpaceBefore)
}

// touches says whether an added token could have to do with both sides of a
// place between two bytes.
func (e *encoder) touches(before, after byte) bool {
	return e.joined.hasFolded(before, after) || e.isEdge[before] || e.isEdge[lowerASCII(before)] ||
		e.isEdge[after] || e.isEdge[lowerASCII(after)]
}

// settled says whether r is the same after Options.Lower and every normalizer,
// but for spaces around it and ASCII letters, combines with nothing before it
// and means nothing to the question whether a sigma near it ends a word. first
// and last are the bytes that it begins and ends with in the normalized text,
// but for ASCII letters.
func (e *encoder) settled(r rune) (first, last byte, ok bool) {
	if r == utf8.RuneError || isCaseIgnorable(r) {
		return 0, 0, false
	}
	first, last = ends(r)
	if r >= utf8.RuneSelf {
		var encoded [utf8.UTFMax]byte
		n := utf8.EncodeRune(encoded[:], r)
		if !norm.NFC.Properties(encoded[:n]).BoundaryBefore() || !norm.NFC.IsNormal(encoded[:n]) ||
			unicode.ToLower(r) != r || characters().of(r)&capital != 0 {
			return 0, 0, false
		}
	}
	for _, n := range e.normalizers {
		left, right, ok := n.settled(r)
		if !ok {
			return 0, 0, false
		}
		if own, _ := ends(r); left != own {
			first, last = left, right
		}
	}
	return first, last, true
}
