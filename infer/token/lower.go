package token

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

func (lowercase) apply(dst *layer, src []byte, _ *composer) bool {
	lowerInto(dst, src, false)
	return true
}

func (lowercase) settled(r rune) (first, last rune, ok bool) {
	return r, r, true
}

// lowerInto appends the lower case of src to dst.
//
// Without sigma it is Rust's char::to_lowercase, character by character. With
// sigma it is Python's str.lower: a capital sigma at the end of a word becomes
// ς. Both have İ become i and U+0307, the only character that does not become
// a single one.
func lowerInto(dst *layer, src []byte, sigma bool) {
	toLower := unicode.ToLower // Unicode 15.0, as Python 3.12 has
	if !sigma {
		toLower = characters().lowerRust
	}
	dst.text = slices.Grow(dst.text, len(src))
	for i := 0; i < len(src); {
		if src[i] < utf8.RuneSelf {
			from := i
			for i < len(src) && src[i] < utf8.RuneSelf {
				dst.text = append(dst.text, lowerASCII(src[i]))
				i++
			}
			dst.plain(i - from)
			continue
		}
		r, size := utf8.DecodeRune(src[i:])
		low := toLower(r)
		switch {
		case r == 'İ':
			dst.text = append(dst.text, "i\u0307"...)
			dst.replace(size)
		case r == 'Σ' && sigma && endsWord(src, i, i+size):
			dst.text = append(dst.text, "ς"...)
			dst.plain(size)
		case low == r:
			dst.copy(src[i : i+size])
		case utf8.RuneLen(low) == size:
			dst.text = utf8.AppendRune(dst.text, low)
			dst.plain(size)
		default:
			dst.text = utf8.AppendRune(dst.text, low)
			dst.replace(size)
		}
		i += size
	}
}

// endsWord is Unicode's condition Final_Sigma for the character [from, to) of
// text: a cased letter before it, none after it, not counting case-ignorable
// characters between. Source: The Unicode Standard, section 3.13, table 3-17;
// CPython, Objects/unicodeobject.c, handle_capital_sigma.
func endsWord(text []byte, from, to int) bool {
	for {
		if from == 0 {
			return false
		}
		r, size := utf8.DecodeLastRune(text[:from])
		if from -= size; isCaseIgnorable(r) {
			continue
		}
		if !isCased(r) {
			return false
		}
		break
	}
	for to < len(text) {
		r, size := utf8.DecodeRune(text[to:])
		if to += size; !isCaseIgnorable(r) {
			return !isCased(r)
		}
	}
	return true
}

// isCased is the Unicode property Cased.
func isCased(r rune) bool {
	return unicode.In(r, unicode.Lu, unicode.Ll, unicode.Lt, unicode.Other_Lowercase, unicode.Other_Uppercase)
}

// isCaseIgnorable is the Unicode property Case_Ignorable: Mn, Me, Cf, Lm, Sk
// and the punctuation that may stand inside a word (Word_Break = MidLetter,
// MidNumLet, Single_Quote).
func isCaseIgnorable(r rune) bool {
	switch r {
	case '\'', '.', 0x2018, 0x2019, 0x2024, 0xFE52, 0xFF07, 0xFF0E, // Single_Quote, MidNumLet
		':', 0xB7, 0x387, 0x55F, 0x5F4, 0x2027, 0xFE13, 0xFE55, 0xFF1A, // MidLetter
		'^', '`': // Sk below U+0080
		return true
	}
	return r >= utf8.RuneSelf && unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk)
}

// isStrippable says which characters Python's str.strip removes: those with
// bidirectional type WS, B or S or category Zs. These are the White_Space
// characters and the four separators U+001C to U+001F. U+200B and U+FEFF stay.
func isStrippable(r rune) bool {
	switch {
	case r >= '\t' && r <= '\r', r >= 0x1C && r <= ' ', r == 0x85, r == 0xA0,
		r == 0x1680, r >= 0x2000 && r <= 0x200A, r == 0x2028, r == 0x2029,
		r == 0x202F, r == 0x205F, r == 0x3000:
		return true
	}
	return false
}

// strip returns the bounds of text without white space at both ends.
func strip(text string) (start, end int) {
	end = len(text)
	for start < end {
		r, size := utf8.DecodeRuneInString(text[start:end])
		if !isStrippable(r) {
			break
		}
		start += size
	}
	for end > start {
		r, size := utf8.DecodeLastRuneInString(text[start:end])
		if !isStrippable(r) {
			break
		}
		end -= size
	}
	return start, end
}

// repairInto appends text to dst, every byte that is not part of valid UTF-8
// replaced by U+FFFD, and returns how many were replaced.
func repairInto(dst *layer, text string) (replaced int) {
	dst.text = slices.Grow(dst.text, len(text))
	for len(text) > 0 {
		n := validPrefix(text)
		dst.text = append(dst.text, text[:n]...)
		dst.plain(n)
		if n == len(text) {
			return replaced
		}
		dst.text = append(dst.text, "\uFFFD"...)
		dst.replace(1)
		replaced++
		text = text[n+1:]
	}
	return replaced
}

// validPrefix returns how many bytes at the beginning of text are valid UTF-8.
func validPrefix(text string) int {
	if utf8.ValidString(text) {
		return len(text)
	}
	for n := 0; ; {
		r, size := utf8.DecodeRuneInString(text[n:])
		if r == utf8.RuneError && size == 1 {
			return n
		}
		n += size
	}
}
