package index

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/toller-search/toller/edge"
)

// A Snippet is the stretch of a passage's text that answers a query best: whole
// sentences where they fit, else whole words.
type Snippet struct {
	edge.Span
	// Highlights are the words in it that answer the query, as bytes of the same
	// text that Span refers to.
	Highlights []edge.Highlight `json:"highlights"`
}

// snippetBytes is how long a snippet may be.
const snippetBytes = 280

// newSnippet cuts the snippet with the most weight out of a text.
func newSnippet(text string, marks []edge.Highlight) Snippet {
	s := Snippet{Span: edge.BestPassage(text, marks, snippetBytes)}
	for _, h := range marks {
		h.Start, h.End = max(h.Start, s.Start), min(h.End, s.End)
		if h.Start < h.End {
			s.Highlights = append(s.Highlights, h)
		}
	}
	return s
}

// wordMatcher finds a query's words in texts where there are no vectors to
// compare: about as full text does, which ignores case, diacritics and English
// endings.
type wordMatcher map[string]bool // stems

// functionWords don't count in a query that has others.
const functionWords = " a an and are as at be by can do does for from has have how i in is it of on or that the their this to was were what when where which who why will with "

func newWordMatcher(query string) wordMatcher {
	content, function := wordMatcher{}, wordMatcher{}
	for word := range strings.FieldsFuncSeq(query, notInWord) {
		word = fold(word)
		if strings.Contains(functionWords, " "+word+" ") {
			function[stem(word)] = true
		} else {
			content[stem(word)] = true
		}
	}
	if len(content) == 0 {
		return function
	}
	return content
}

// highlights returns the words of a text that are in the query. Each word of
// the query has the same weight, spread evenly over its places, so that the
// rare ones count more.
//
// Only the first mebibyte of a text is looked at: beyond, a passage is a whole
// document that nobody reads for its snippet.
func (w wordMatcher) highlights(text string) []edge.Highlight {
	text = text[:min(len(text), 1<<20)]
	var found []edge.Highlight
	var stems []string
	counts := map[string]int{}
	for at := 0; at < len(text); {
		start := strings.IndexFunc(text[at:], func(r rune) bool { return !notInWord(r) })
		if start < 0 {
			break
		}
		at += start
		size := strings.IndexFunc(text[at:], notInWord)
		if size < 0 {
			size = len(text) - at
		}
		if size <= longestWord {
			if s := stem(fold(text[at : at+size])); w[s] {
				found, stems = append(found, edge.Highlight{Span: edge.Span{Start: at, End: at + size}}), append(stems, s)
				counts[s]++
			}
		}
		at += size
	}
	for i := range found {
		found[i].Weight = 1 / float32(len(w)*counts[stems[i]])
	}
	return found
}

// longestWord is how many bytes a word may have to be looked at.
const longestWord = 200

func notInWord(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.Is(unicode.Mn, r)
}

// fold takes case and diacritics off a word.
func fold(word string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(word))
}

// endings are what stem takes off, the longer ones first.
var endings = []string{"ing", "ies", "ied", "ed", "es", "ly", "s", "e", "y"}

// stem takes English endings off a folded word, as long as three letters are
// left. It is cruder than the stemmer of the full text: both sides of a
// comparison are cut by the same rule, and the worst that a slip does is a word
// highlighted too many.
func stem(word string) string {
	for cut := true; cut; {
		cut = false
		for _, ending := range endings {
			rest, found := strings.CutSuffix(word, ending)
			if !found || len(rest) < 3 {
				continue
			}
			if n := len(rest); len(ending) > 1 && rest[n-1] == rest[n-2] && n > 3 {
				rest = rest[:n-1] // running, stopped
			}
			word, cut = rest, true
			break
		}
	}
	return word
}
