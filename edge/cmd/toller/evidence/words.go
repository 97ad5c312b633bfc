package evidence

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// wholeWords grows a range of text to the ends of the words it begins and
// ends in: tokens are often parts of words.
func wholeWords(text string, start, end int) (int, int) {
	before := strings.TrimRightFunc(text[:start], isWordRune)
	after := strings.TrimLeftFunc(text[end:], isWordRune)
	if r, _ := utf8.DecodeRuneInString(text[start:]); isWordRune(r) {
		start = len(before)
	}
	if r, _ := utf8.DecodeLastRuneInString(text[:end]); isWordRune(r) {
		end = len(text) - len(after)
	}
	return start, end
}

// isWordRune reports whether r is part of a word in a script that puts spaces
// between words; in others, a token is as good as a word.
func isWordRune(r rune) bool {
	return (isLetterOrDigit(r) || unicode.IsMark(r)) &&
		!unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer)
}

func isLetterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
