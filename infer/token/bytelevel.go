package token

import "unicode/utf8"

// The byte-level alphabet of GPT-2: every byte has a printable character of
// its own, so that tokens are readable text. Bytes that are printable in
// Latin-1 stand for themselves, the other 68 follow each other from U+0100 on:
// the space is Ġ (U+0120), the line feed Ċ (U+010A).
// Source: openai/gpt-2, src/encoder.py, bytes_to_unicode.
var (
	byteLetter [256]rune               // byte to letter
	letterByte [endOfByteLetters]int16 // letter to byte, -1 for a character outside the alphabet
)

const endOfByteLetters = 0x100 + 68

func init() {
	for r := range letterByte {
		letterByte[r] = -1
	}
	next := rune(0x100)
	for b := range byteLetter {
		r := rune(b)
		if !(b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE) {
			r = next
			next++
		}
		byteLetter[b] = r
		letterByte[r] = int16(b)
	}
}

// byteLevelWidth returns how many bytes of text a token stands for, 0 if it
// has a character outside the byte-level alphabet.
func byteLevelWidth(literal string) int32 {
	n := int32(0)
	for _, r := range literal {
		if r >= endOfByteLetters || letterByte[r] < 0 {
			return 0
		}
		n++
	}
	return n
}

// appendByteLevel appends text to dst, written in the byte-level alphabet.
func appendByteLevel(dst, text []byte) []byte {
	for _, b := range text {
		dst = utf8.AppendRune(dst, byteLetter[b])
	}
	return dst
}

// A bytePairs is a set of pairs of neighbouring bytes.
type bytePairs [256 * 256 / 64]uint64

func (p *bytePairs) add(first, second byte) {
	i := uint(first)<<8 | uint(second)
	p[i/64] |= 1 << (i % 64)
}

func (p *bytePairs) has(first, second byte) bool {
	i := uint(first)<<8 | uint(second)
	return p[i/64]&(1<<(i%64)) != 0
}

// hasFolded is has for the bytes as they are or in ASCII lower case.
func (p *bytePairs) hasFolded(first, second byte) bool {
	return p.has(first, second) || p.has(lowerASCII(first), lowerASCII(second))
}

func lowerASCII(b byte) byte {
	if b >= 'A' && b <= 'Z' {
		b += 'a' - 'A'
	}
	return b
}
