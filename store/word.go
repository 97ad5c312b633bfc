package store

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// run is a part of a word in one kind of script. A run of spaced script is one
// word, and its atoms the parts between the spaces of no width in it. A run of
// another script may be many words; its atoms are characters with their marks.
type run struct {
	unspaced bool
	atoms    []atom
}

// atom is a piece of a run, as full text has it.
type atom struct {
	text       []byte
	script     script
	start, end int // bytes of the text that it comes from
}

// longestWord bounds the memory that taking a word apart needs.
const longestWord = 1 << 16

// nextWord finds the first word of text[from:]: a stretch of letters, digits,
// marks and private characters, and of what can't be seen between them. A line
// that is broken within unspaced script, or at a soft hyphen, doesn't end a word.
// One of more than longestWord bytes ends there. Without one, start and end are the
// text's length.
func nextWord(text string, from int) (start, end int) {
	for start = from; start < len(text); {
		r, size := utf8.DecodeRuneInString(text[start:])
		if isWord(r) && !isInvisible(r) {
			break
		}
		start += size
	}
	end = start
	var last rune // that can be seen
	hyphen := false
	for at := start; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		switch {
		case at-start > longestWord:
			return start, end
		case isInvisible(r):
			hyphen = r == softHyphen
		case isWord(r):
			last, hyphen, end = r, false, at+size
		case r == '\n' || r == '\r' || r == ' ' || r == '\t' || r == '\u3000':
			if size = lineBreak(text[at:], last, hyphen); size == 0 {
				return start, end
			}
			hyphen = false
		default:
			return start, end
		}
		at += size
	}
	return start, end
}

// lineBreak is the length of the white space at the beginning of text, if it is
// one line's end and a word goes on behind it: 0 if not. last is the character
// before it, hyphen says whether a soft hyphen lies between.
func lineBreak(text string, last rune, hyphen bool) int {
	if !hyphen && !breaksAnywhere(last) {
		return 0
	}
	const longest = 64 // indentation
	lines := 0
	for i, r := range text[:min(len(text), longest)] {
		switch r {
		case '\n':
			lines++
		case '\r', ' ', '\t', '\u3000':
		default:
			if lines == 1 && (hyphen && isWord(r) || breaksAnywhere(r)) {
				return i
			}
			return 0
		}
	}
	return 0
}

// breaksAnywhere says whether lines are broken after and before a character
// within words. Hangul's are broken at spaces.
func breaksAnywhere(r rune) bool {
	return scriptOf(r) != spaced && !unicode.Is(unicode.Hangul, r)
}

// composed is a piece of text in NFKC, but for the micro sign: FTS5 itself takes it
// for the letter, and to rewrite it would change most texts with measures in them.
func composed(piece string) string {
	if piece == "µ" {
		return piece
	}
	return norm.NFKC.String(piece)
}

// runs takes a word apart. start is where in the text it begins.
func runs(word string, start int) []run {
	var all []run
	var current *run
	folded := make([]byte, 0, len(word)+len(word)/2) // of all atoms
	seam := false                                    // a space of no width, or the like, was last
	for at := 0; at < len(word); {
		// Characters that may become one belong together.
		size := norm.NFKC.NextBoundaryInString(word[at:], true)
		from, to := start+at, start+at+size
		for _, r := range composed(word[at : at+size]) {
			if r == zeroSpace || r == nonJoiner {
				seam = true
				continue
			}
			if !isWord(r) {
				if !isInvisible(r) && !unicode.IsSpace(r) {
					current = nil // ½ is 1⁄2
				}
				continue
			}
			before := len(folded)
			folded = appendFolded(folded, r)
			text := folded[before:len(folded):len(folded)]
			if len(text) == 0 {
				continue
			}
			kind, mark := scriptOf(r), unicode.IsMark(r)
			if current != nil && (mark || r == longVowel) {
				kind = current.atoms[len(current.atoms)-1].script
			} else if r == longVowel {
				kind = phonetic
			}
			if current == nil || current.unspaced != (kind != spaced) {
				all = append(all, run{unspaced: kind != spaced})
				current, seam = &all[len(all)-1], false
			}
			switch n := len(current.atoms); {
			case n == 0, !mark && (kind != spaced || seam):
				current.atoms = append(current.atoms, atom{text, kind, from, to})
			default:
				a := &current.atoms[n-1]
				a.text, a.end = append(a.text, text...), to
			}
			seam = false
		}
		at += size
	}
	return all
}
