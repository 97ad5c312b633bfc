// Package character finds where a text may be cut without parting what people see as
// one character: a letter from its marks, a vowel sign of Thai from its consonant, an
// emoji from its skin.
//
// The rules are those of extended grapheme clusters (Unicode Standard Annex 29) that
// matter for a cut, in a form that needs no tables beyond Go's own; Thai and Lao vowels
// stay with their consonants on either side, which the annex leaves to words.
package character

import (
	"unicode"
	"unicode/utf8"
)

// longest is how many bytes of one character are looked through. There is no end to
// marks on a letter.
const longest = 256

// Boundary reports whether a character begins, or the text ends, at byte at.
func Boundary(text string, at int) bool {
	if at <= 0 || at >= len(text) {
		return true
	}
	if !utf8.RuneStart(text[at]) {
		return false
	}
	next, _ := utf8.DecodeRuneInString(text[at:])
	last, _ := utf8.DecodeLastRuneInString(text[:at])
	switch {
	case last < firstBeyond && next < firstBeyond:
		return last != '\r' || next != '\n'
	case unicode.IsSpace(last) || unicode.IsSpace(next):
		return true
	case follows(next) || leads(last):
		return false
	case isLead(last) && (isLead(next) || isHangul(next)), isInner(next) && (isLead(last) || isInner(last) || isHangul(last)):
		return false
	case isFlag(next) && isFlag(last):
		return flagsBefore(text[:at])%2 == 0
	}
	return true
}

// firstBeyond is the first rune that may be part of another character.
const firstBeyond = 0x300

// Before returns the last boundary at or before byte at. In a character that is very
// long it is the last place where a code point begins, and in what is no UTF-8 it is at.
func Before(text string, at int) int {
	at = max(0, min(at, len(text)))
	for p := at; p > at-longest; p-- {
		if Boundary(text, p) {
			return p
		}
	}
	for p := at; p > 0 && p > at-utf8.UTFMax; p-- {
		if p == len(text) || utf8.RuneStart(text[p]) {
			return p
		}
	}
	return at
}

// After returns the first boundary at or after byte at, as Before does.
func After(text string, at int) int {
	at = max(0, min(at, len(text)))
	for p := at; p < at+longest; p++ {
		if Boundary(text, p) {
			return p
		}
	}
	for p := at; p < at+utf8.UTFMax; p++ {
		if p >= len(text) || utf8.RuneStart(text[p]) {
			return min(p, len(text))
		}
	}
	return at
}

// follows reports what belongs to the character before it.
func follows(r rune) bool {
	switch {
	case unicode.In(r, unicode.M):
		return true
	case r == '\u200c' || r == '\u200d': // joiners
		return true
	case 0x1F3FB <= r && r <= 0x1F3FF, 0xE0020 <= r && r <= 0xE007F: // skins, and tags of flags
		return true
	case r == '\uff9e' || r == '\uff9f': // sound marks of narrow katakana
		return true
	case r == 'ะ' || r == 'า' || r == 'ำ' || r == 'ๅ' || r == 'ະ' || r == 'າ' || r == 'ຳ':
		return true
	}
	return false
}

// leads reports what belongs to the character after it: a joiner, a vowel of Thai or Lao
// that is written before its consonant, a sign that stacks consonants.
func leads(r rune) bool {
	switch {
	case r == '\u200d', 'เ' <= r && r <= 'ไ', 'ເ' <= r && r <= 'ໄ':
		return true
	}
	switch r {
	case 0x94D, 0x9CD, 0xA4D, 0xACD, 0xB4D, 0xC4D, 0xCCD, 0xD4D, 0x1039, 0x17D2:
		return true
	}
	return false
}

// isLead reports the beginning of such a syllable.
func isLead(r rune) bool { return 0x1100 <= r && r <= 0x115F || 0xA960 <= r && r <= 0xA97C }

// isInner reports a vowel or an end of a syllable of Hangul that is written in parts.
func isInner(r rune) bool { return 0x1160 <= r && r <= 0x11FF || 0xD7B0 <= r && r <= 0xD7FB }

func isHangul(r rune) bool { return 0xAC00 <= r && r <= 0xD7A3 }

// isFlag reports one of two letters that make a flag.
func isFlag(r rune) bool { return 0x1F1E6 <= r && r <= 0x1F1FF }

func flagsBefore(text string) int {
	n := 0
	for len(text) > 0 && n < longest/4 {
		r, size := utf8.DecodeLastRuneInString(text)
		if !isFlag(r) {
			break
		}
		text, n = text[:len(text)-size], n+1
	}
	return n
}
