package store

import (
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// accented are the scripts whose marks are accents: a word is the same without
// them. Elsewhere they are vowels, and part of the word.
var accented = []*unicode.RangeTable{
	unicode.Inherited, unicode.Common, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Arabic, unicode.Hebrew, unicode.Syriac,
}

// letters are those that FTS5 doesn't take for the ones that people type
// instead. It knows the accents of precomposed Latin letters itself.
var letters = map[rune]string{
	'ß': "ss", 'ẞ': "ss", 'æ': "ae", 'Æ': "ae", 'œ': "oe", 'Œ': "oe", 'ø': "o", 'Ø': "o", 'ł': "l", 'Ł': "l",
	'đ': "d", 'Đ': "d", 'ð': "d", 'Ð': "d", 'þ': "th", 'Þ': "th", 'ħ': "h", 'Ħ': "h", 'ŧ': "t", 'Ŧ': "t", 'ı': "i",
	'ς': "σ",
	'ё': "е", 'Ё': "е", 'ѐ': "е", 'Ѐ': "е", 'ѝ': "и", 'Ѝ': "и",
	'ي': "ی", 'ى': "ی", 'ك': "ک", 'ـ': "", // the last one only stretches a word
}

// appendFolded appends a character of a word as full text has it, before what
// FTS5 does to it (lower case, and the accents of precomposed Latin letters). The
// character must be in NFKC. Accents, and what can't be seen, are nothing.
func appendFolded(to []byte, r rune) []byte {
	switch {
	case r < utf8.RuneSelf:
		return append(to, byte(r))
	case isInvisible(r), unicode.IsMark(r) && unicode.In(r, accented...):
		return to
	case 0x3040 <= r && r < 0xa000: // kana and ideographs, of which there are many
		return utf8.AppendRune(to, letterFor(r))
	}
	base := r
	if unicode.In(r, unicode.Latin, unicode.Greek, unicode.Arabic) {
		base, _ = utf8.DecodeRuneInString(norm.NFD.String(string(r)))
	}
	for _, r := range []rune{r, base} {
		if s, ok := letters[r]; ok {
			return append(to, s...)
		}
	}
	if unicode.Is(unicode.Latin, r) {
		base = r
	}
	return utf8.AppendRune(to, letterFor(base))
}

// unfolded says of the first characters, Latin to Cyrillic, which of them fold to
// themselves: most words of these scripts need not be looked at more closely.
var unfolded = sync.OnceValue(func() *[0x530]bool {
	var is [0x530]bool
	for r := range rune(len(is)) {
		is[r] = isWord(r) && composed(string(r)) == string(r) && string(appendFolded(nil, r)) == string(r)
	}
	return &is
})

// isUnfolded says whether a word certainly folds to itself.
func isUnfolded(word string) bool {
	is := unfolded()
	for _, r := range word {
		if int(r) >= len(is) || !is[r] {
			return false
		}
	}
	return true
}

// letterFor is a character that FTS5's tokenizer takes for part of a word. To it,
// most marks separate words, and so do some letters that once were marks: vowels of
// New Tai Lue, two Vedic signs. Private ones stand for them, from planes 15 and 16.
func letterFor(r rune) rune {
	if r < 0x20000 && (unicode.IsMark(r) || unicode.Is(unicode.New_Tai_Lue, r) || r == 0x1cf2 || r == 0x1cf3) {
		return r + 0xf0000
	}
	return r
}
