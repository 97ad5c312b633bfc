package token

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// An addedToken is an entry of added_tokens: a text that becomes one token
// wherever it stands, without pre-tokenizer and merges.
type addedToken struct {
	content string
	id      int32
	// pattern is what is looked for: content, or for a normalized token what
	// the normalizer makes of it.
	pattern    string
	normalized bool // look in the normalized text, not in the raw one
	singleWord bool // not inside a word
	lstrip     bool // takes the white space before it
	rstrip     bool // takes the white space after it
}

// An addedSet finds added tokens in a text.
type addedSet struct {
	tokens []*addedToken // sorted by pattern
	bucket [257]int32    // tokens[bucket[b]:bucket[b+1]] begin with byte b
}

func newAddedSet(tokens []*addedToken) *addedSet {
	s := &addedSet{tokens: tokens}
	slices.SortFunc(s.tokens, func(a, b *addedToken) int {
		return cmp.Or(strings.Compare(a.pattern, b.pattern), cmp.Compare(a.id, b.id))
	})
	for _, t := range s.tokens {
		s.bucket[int(t.pattern[0])+1]++
	}
	for b := range 256 {
		s.bucket[b+1] += s.bucket[b]
	}
	return s
}

// at returns the longest token at the beginning of text, nil if there is none.
func (s *addedSet) at(text []byte) *addedToken {
	candidates := s.tokens[s.bucket[text[0]]:s.bucket[int(text[0])+1]]
	var longest *addedToken
	for n := 1; len(candidates) > 0; n++ {
		// The candidates begin with text[:n]. The shortest comes first.
		if len(candidates[0].pattern) == n {
			longest = candidates[0]
			candidates = candidates[1:]
		}
		if n == len(text) {
			break
		}
		byteOf := func(t *addedToken, b int) int { return int(t.pattern[n]) - b }
		from, _ := slices.BinarySearchFunc(candidates, int(text[n]), byteOf)
		to, _ := slices.BinarySearchFunc(candidates, int(text[n])+1, byteOf)
		candidates = candidates[from:to]
	}
	return longest
}

// A splitter goes through a text and cuts it at added tokens, as
// huggingface/tokenizers does (AddedVocabulary::find_matches): leftmost
// first, the longest where several begin, without overlap. A token that is
// not a word of its own although it has to be is left in the text, and no
// other token is looked for inside it.
type splitter struct {
	set   *addedSet
	text  []byte
	scan  int // where to look for the next token
	taken int // the text before it has been returned

	// Set while the text before a match has been returned, but not yet the match.
	match    *addedToken
	from, to int

	spaceEnd int // end of the last run of white space that an rstrip token took
}

func (s *splitter) reset(set *addedSet, text []byte) {
	*s = splitter{set: set, text: text}
}

// next returns the bounds of the next piece of text and the token it is, nil
// for text between tokens. ok is false at the end.
func (s *splitter) next() (from, to int, token *addedToken, ok bool) {
	if s.match == nil && !s.find() {
		from, s.taken = s.taken, len(s.text)
		return from, len(s.text), nil, from < len(s.text)
	}
	if s.taken < s.from {
		from, s.taken = s.taken, s.from
		return from, s.from, nil, true
	}
	token, s.match = s.match, nil
	s.taken = s.to
	return s.from, s.to, token, true
}

// find looks for the next token.
func (s *splitter) find() bool {
	if len(s.set.tokens) == 0 {
		return false
	}
	for s.scan < len(s.text) {
		first := s.text[s.scan]
		if s.set.bucket[first] == s.set.bucket[int(first)+1] {
			s.scan++
			continue
		}
		token := s.set.at(s.text[s.scan:])
		if token == nil {
			s.scan++
			continue
		}
		from, to := s.scan, s.scan+len(token.pattern)
		s.scan = to
		if token.singleWord && (endsWithWord(s.text[:from]) || startsWithWord(s.text[to:])) {
			continue
		}
		if token.lstrip {
			from = s.spaceBefore(from)
		}
		if token.rstrip {
			to = s.spaceAfter(to)
		}
		s.match, s.from, s.to = token, from, to
		return true
	}
	return false
}

// spaceBefore returns where the white space before a position begins that no
// earlier token has taken.
func (s *splitter) spaceBefore(from int) int {
	for from > s.taken {
		r, size := utf8.DecodeLastRune(s.text[s.taken:from])
		if !unicode.IsSpace(r) {
			break
		}
		from -= size
	}
	return from
}

// spaceAfter returns where the white space after a position ends. Tokens that
// are white space themselves come back for the same run again and again; its
// end is remembered.
func (s *splitter) spaceAfter(to int) int {
	if to < s.spaceEnd {
		return s.spaceEnd
	}
	s.spaceEnd = to + runLength(s.text[to:], space)
	return s.spaceEnd
}

func endsWithWord(text []byte) bool {
	r, _ := utf8.DecodeLastRune(text)
	return len(text) > 0 && isWord(r)
}

func startsWithWord(text []byte) bool {
	r, _ := utf8.DecodeRune(text)
	return len(text) > 0 && isWord(r)
}

// isWord is \w of Rust's regex crate.
func isWord(r rune) bool { return unicode.Is(wordCharacters, r) }
