package token

import (
	"slices"
	"unicode/utf8"
)

// A byteLevelBPE is the model of GPT-2 and ModernBERT: a BPE that begins with
// one token a byte, written in the byte-level alphabet.
type byteLevelBPE struct {
	bpe
	bytes        [256]int32 // the one-byte tokens; -1 for bytes that UTF-8 does not use and the vocabulary lacks
	joined       bytePairs  // neighbouring bytes inside any token of the vocabulary
	widest       int        // bytes of the widest token
	ignoreMerges bool       // a pre-token that is a token as a whole is not merged
}

func (b *byteLevelBPE) joins(before, after rune) bool {
	_, left := ends(before)
	right, _ := ends(after)
	return b.joined.hasFolded(left, right)
}

func (b *byteLevelBPE) encode(r *run, text, word []byte, at, first int) bool {
	if index := b.whole(&r.merger, word); index >= 0 {
		return b.emit(r, text, index, at, at+len(word), first)
	}
	for len(word) > 0 {
		n := b.independent(word)
		for _, index := range b.mergeBytes(&r.merger, word[:n]) {
			end := at + int(b.vocab.tokens[index].width)
			if !b.emit(r, text, index, at, end, first) {
				return false
			}
			at = end
		}
		word = word[n:]
	}
	return true
}

// emit emits the token of text[from:to], which may be part of a rune.
func (b *byteLevelBPE) emit(r *run, text []byte, index int32, from, to, first int) bool {
	from, to = max(from, first), max(to, first)
	for !utf8.RuneStart(text[from]) {
		from--
	}
	for to < len(text) && !utf8.RuneStart(text[to]) {
		to++
	}
	return r.emit(b.vocab.tokens[index].id, from, to, len(r.e.normalizers))
}

// independent returns how many bytes at the beginning of a pre-token can be
// merged without looking at the rest. Where two neighbouring bytes stand side
// by side in no token of the vocabulary, no merge can ever cross them. Only
// long pre-tokens are cut: for these it keeps memory small.
func (b *byteLevelBPE) independent(word []byte) int {
	if len(word) <= shortWord {
		return len(word)
	}
	for i := 1; i < len(word); i++ {
		if !b.joined.has(word[i-1], word[i]) {
			return i
		}
	}
	return len(word)
}

// whole returns the token that a pre-token is as a whole, for vocabularies
// where that goes before the merges; -1 if there is none.
func (b *byteLevelBPE) whole(m *merger, word []byte) int32 {
	if !b.ignoreMerges || len(word) > b.widest {
		return -1
	}
	m.literal = appendByteLevel(m.literal[:0], word)
	return b.vocab.lookup(m.literal)
}

// mergeBytes returns the token indices of a word of at least one byte, which is
// part of a valid UTF-8 text. The result is valid until the next call.
func (b *byteLevelBPE) mergeBytes(m *merger, word []byte) []int32 {
	m.symbols = slices.Grow(m.symbols[:0], len(word))
	for _, c := range word {
		m.symbols = append(m.symbols, b.bytes[c])
	}
	return b.merge(m, m.symbols)
}
