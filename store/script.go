package store

import "unicode"

// script tells apart how text is written, as far as finding its words goes.
type script uint8

const (
	// spaced text has spaces between words, or characters for them.
	spaced script = iota
	// ideographic text, of characters or syllables that mean something: two in a
	// row are nearly a word.
	ideographic
	// phonetic text, of letters or syllables that mean nothing alone.
	phonetic
)

// unspaced are the scripts without spaces between words, the most used first.
// Korean has spaces, but between words with their endings.
var unspaced = []struct {
	table  *unicode.RangeTable
	script script
}{
	{unicode.Han, ideographic},
	{unicode.Hiragana, ideographic},
	{unicode.Katakana, phonetic},
	{unicode.Hangul, ideographic},
	{unicode.Thai, phonetic},
	{unicode.Myanmar, phonetic},
	{unicode.Khmer, phonetic},
	{unicode.Lao, phonetic},
	{unicode.Bopomofo, ideographic},
	{unicode.Yi, ideographic},
	{unicode.Javanese, phonetic},
	{unicode.Balinese, phonetic},
	{unicode.Tai_Le, phonetic},
	{unicode.New_Tai_Lue, phonetic},
	{unicode.Tai_Tham, phonetic},
	{unicode.Tai_Viet, phonetic},
	{unicode.Tangut, ideographic},
	{unicode.Nushu, ideographic},
	{unicode.Khitan_Small_Script, ideographic},
}

// scriptOf is the script of a letter or digit.
func scriptOf(r rune) script {
	if r < 0x0e00 { // the first of Thai
		return spaced
	}
	for _, s := range unspaced {
		if unicode.Is(s.table, r) {
			return s.script
		}
	}
	return spaced
}

// longVowel lengthens whatever kana it follows, and is in none of the scripts.
const longVowel = 'ー'

// isWord says whether a character is part of a word.
func isWord(r rune) bool {
	if r < 0x80 {
		return isLetterOrDigit(byte(r))
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) || unicode.Is(unicode.Co, r)
}

const (
	softHyphen = '\u00ad'
	zeroSpace  = '\u200b'
	nonJoiner  = '\u200c'
)

// isInvisible says whether a character is one that nobody sees and that doesn't
// separate words: soft hyphens, joiners, marks of direction, selectors of a
// glyph. All are default ignorable code points of Unicode.
func isInvisible(r rune) bool {
	switch {
	case r < 0x80:
		return false
	case r == softHyphen, r == 0x034f, r == 0x061c, r == 0x115f, r == 0x1160, r == 0x17b4, r == 0x17b5, r == 0x3164, r == 0xfeff, r == 0xffa0:
		return true
	case 0x180b <= r && r <= 0x180f, 0x200b <= r && r <= 0x200f, 0x202a <= r && r <= 0x202e, 0x2060 <= r && r <= 0x206f:
		return true
	case 0xfe00 <= r && r <= 0xfe0f, 0x1d173 <= r && r <= 0x1d17a, 0xe0000 <= r && r <= 0xe0fff:
		return true
	}
	return false
}
