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
	switch e.preTokenizer.cut(lastButOne, last, next) {
	case never:
		return false
	case inside:
		if e.model.joins(lastByte, rest[0]) {
			return false
		}
	}

	// No added token may cross it, look across it or take white space beyond it.
	if e.joined.hasFolded(lastByte, rest[0]) || e.isEdge[lastByte] || e.isEdge[lowerASCII(lastByte)] ||
		e.isEdge[rest[0]] || e.isEdge[lowerASCII(rest[0])] {
		return false
	}

	// Normalization must leave the characters at both sides as they are, or
	// turn them into their ASCII lower case, whatever is around them.
	if !settled(last) || !settled(next) {
		return false
	}
	return size == len(rest) || norm.NFC.PropertiesString(rest[size:]).BoundaryBefore()
}

// settled says whether r is the same after every normalizer, but for ASCII
// letters, combines with nothing before it and means nothing to the question
// whether a sigma near it ends a word.
func settled(r rune) bool {
	if r == utf8.RuneError || isCaseIgnorable(r) {
		return false
	}
	if r < utf8.RuneSelf {
		return true
	}
	var encoded [utf8.UTFMax]byte
	n := utf8.EncodeRune(encoded[:], r)
	return norm.NFC.Properties(encoded[:n]).BoundaryBefore() && norm.NFC.IsNormal(encoded[:n]) &&
		unicode.ToLower(r) == r
}
