package token

import (
	"unicode"
	"unicode/utf8"
)

// A class is what GPT-2's pre-tokenizer distinguishes.
type class uint8

const (
	other  class = iota // [^\s\p{L}\p{N}]
	letter              // \p{L}
	number              // \p{N}
	space               // \s, the Unicode property White_Space
)

var asciiClass = func() (table [utf8.RuneSelf]class) {
	for r := range table {
		table[r] = classOfWide(rune(r))
	}
	return table
}()

func classOf(r rune) class {
	if r < utf8.RuneSelf {
		return asciiClass[r]
	}
	return classOfWide(r)
}

func classOfWide(r rune) class {
	switch {
	case unicode.Is(letters, r):
		return letter
	case unicode.IsSpace(r):
		return space
	case unicode.Is(numbers, r):
		return number
	}
	return other
}

// byteLevel is the pre-tokenizer ByteLevel, whose alphabet byteLevelBPE reads
// and writes. Its add_prefix_space is in encoder.prefixSpace.
type byteLevel struct {
	regex bool // with the pattern of GPT-2, or else a text is one pre-token
}

func (p byteLevel) next(text []byte) (from, to int) {
	if p.regex {
		return 0, preToken(text)
	}
	return 0, len(text)
}

// Apostrophes, which can begin a contraction, are never settled (see
// isBoundary), and white space belongs together, and to what follows it.
func (p byteLevel) cut(lastButOne, last, next rune) cut {
	left := classOf(last)
	switch {
	case left == space:
		return never
	case p.regex && left != classOf(next):
		return between
	case p.regex && lastButOne == '\'':
		return never // inside 're, 've or 'll
	}
	return inside
}

// preToken returns the length of the first pre-token of a text that is not
// empty. It is the first match of
//
//	's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
//
// (openai/gpt-2, src/encoder.py), which matches at every position.
func preToken(text []byte) int {
	if text[0] == '\'' {
		if n := contraction(text[1:]); n > 0 {
			return 1 + n
		}
	}
	start := 0
	if text[0] == ' ' && len(text) > 1 {
		start = 1 // a single space belongs to what follows, unless that is space too
	}
	r, _ := utf8.DecodeRune(text[start:])
	c := classOf(r)
	if c != space {
		return start + runLength(text[start:], c)
	}

	// A run of space leaves its last character to what follows, by the
	// look-ahead \s+(?!\S), unless the text ends here or that is all there is.
	end := runLength(text, space)
	if end == len(text) {
		return end
	}
	_, last := utf8.DecodeLastRune(text[:end])
	if last == end {
		return end
	}
	return end - last
}

// contraction returns the length of the ending of a contraction at the
// beginning of text, after the apostrophe; 0 if there is none.
func contraction(text []byte) int {
	if len(text) > 0 {
		switch text[0] {
		case 's', 't', 'm', 'd':
			return 1
		}
	}
	if len(text) > 1 {
		switch string(text[:2]) {
		case "re", "ve", "ll":
			return 2
		}
	}
	return 0
}

// runLength returns how many bytes at the beginning of text are of class c.
func runLength(text []byte, c class) int {
	n := 0
	for n < len(text) {
		if b := text[n]; b < utf8.RuneSelf {
			if asciiClass[b] != c {
				break
			}
			n++
			continue
		}
		r, size := utf8.DecodeRune(text[n:])
		if classOfWide(r) != c {
			break
		}
		n += size
	}
	return n
}
