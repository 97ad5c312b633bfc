package token

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// A fallbackBPE is the model of Gemma and other descendants of SentencePiece:
// a BPE that begins with one token a character. A character that is no token
// becomes one token for each of its bytes, and the unknown token where these
// are missing.
// Source: huggingface/tokenizers, models/bpe/model.rs, merge_word.
type fallbackBPE struct {
	bpe
	ascii    [utf8.RuneSelf]int32 // token indices of these characters, -1 where there is none
	bytes    [256]int32           // <0x00> to <0xFF>
	complete bool                 // bytes has all that UTF-8 uses
	unknown  int32                // -1 without
	fuse     bool                 // a run of unknown characters is one token
	joined   runePairs            // neighbouring characters inside any token
}

// A fallbackWord is the scratch memory of encode: what a pre-token consists of
// to begin with.
type fallbackWord struct {
	symbols []int32
	lengths []int32 // bytes of the text that each symbol takes
}

func (f *fallbackWord) add(symbol int32, length int) {
	f.symbols = append(f.symbols, symbol)
	f.lengths = append(f.lengths, int32(length))
}

// joins looks at ASCII letters as they are and in lower case.
func (b *fallbackBPE) joins(before, after rune) bool {
	lowBefore, lowAfter := lowerASCIIRune(before), lowerASCIIRune(after)
	return !b.complete || b.joined.has(before, after) || b.joined.has(lowBefore, lowAfter)
}

func lowerASCIIRune(r rune) rune {
	if r < utf8.RuneSelf {
		return rune(lowerASCII(byte(r)))
	}
	return r
}

func (b *fallbackBPE) encode(r *run, text, word []byte, at, first int) bool {
	for len(word) > 0 {
		n := b.independent(word)
		b.begin(&r.fallback, word[:n])
		lengths := r.fallback.lengths
		if len(lengths) > 0 {
			for _, index := range b.merge(&r.merger, r.fallback.symbols) {
				t := &b.vocab.tokens[index]
				end := at
				for _, length := range lengths[:t.width] {
					end += int(length)
				}
				lengths = lengths[t.width:]
				// A byte token has the span of its whole character.
				from, to := at, end
				for !utf8.RuneStart(text[from]) {
					from--
				}
				for to < len(text) && !utf8.RuneStart(text[to]) {
					to++
				}
				if !r.emit(t.id, from, to, len(r.e.normalizers)) {
					return false
				}
				at = end
			}
		}
		word = word[n:]
	}
	return true
}

// independent returns how many bytes at the beginning of a pre-token can be
// worked on without looking at the rest: up to two characters that stand side
// by side in no token.
func (b *fallbackBPE) independent(word []byte) int {
	if !b.complete {
		return len(word) // an unknown token may be written much later
	}
	before, n := utf8.DecodeRune(word)
	for n < len(word) {
		r, size := utf8.DecodeRune(word[n:])
		if !b.joined.has(before, r) {
			return n
		}
		before = r
		n += size
	}
	return n
}

// begin cuts a word into its first symbols. The unknown token of a character
// or a run of them is written when a known one follows or the word ends, so
// that bytes between come before it.
func (b *fallbackBPE) begin(w *fallbackWord, word []byte) {
	w.symbols, w.lengths = w.symbols[:0], w.lengths[:0]
	unknown := 0 // bytes
	for len(word) > 0 {
		_, size := utf8.DecodeRune(word)
		switch index := b.character(word[:size]); {
		case index >= 0:
			if unknown > 0 {
				w.add(b.unknown, unknown)
				unknown = 0
			}
			w.add(index, size)
		case b.hasBytes(word[:size]):
			for _, c := range word[:size] {
				w.add(b.bytes[c], 1)
			}
		default:
			if unknown > 0 && !b.fuse {
				w.add(b.unknown, unknown)
				unknown = 0
			}
			unknown += size
		}
		word = word[size:]
	}
	if unknown > 0 {
		w.add(b.unknown, unknown)
	}
}

// character returns the token that a character is, -1 if it is none.
func (b *fallbackBPE) character(encoded []byte) int32 {
	if len(encoded) == 1 {
		return b.ascii[encoded[0]]
	}
	return b.vocab.lookup(encoded)
}

func (b *fallbackBPE) hasBytes(encoded []byte) bool {
	if b.complete {
		return true
	}
	for _, c := range encoded {
		if b.bytes[c] < 0 {
			return false
		}
	}
	return true
}

// index prepares the search, before the merges are read.
func (b *fallbackBPE) index(unknown string) error {
	b.complete = true
	for i := range b.bytes {
		b.bytes[i] = b.vocab.lookup(fmt.Appendf(nil, "<0x%02X>", i))
		b.complete = b.complete && (b.bytes[i] >= 0 || !usedByUTF8(i))
	}
	for i := range b.ascii {
		b.ascii[i] = b.vocab.lookup([]byte{byte(i)})
	}
	b.unknown = -1
	if unknown != "" {
		if b.unknown = b.vocab.lookup([]byte(unknown)); b.unknown < 0 {
			return fmt.Errorf("the unk_token %q is not in model.vocab", shorten(unknown))
		}
	}
	if !b.complete && b.unknown < 0 {
		return fmt.Errorf("there are neither tokens <0x00> to <0xFF> for all bytes of UTF-8 text nor an unk_token")
	}

	for i := range b.vocab.tokens {
		literal := b.vocab.literal(int32(i))
		b.vocab.tokens[i].width = int32(utf8.RuneCountInString(literal))
		if b.isAtom(int32(i)) {
			b.vocab.tokens[i].width = 1
			continue
		}
		before := rune(-1)
		for _, r := range literal {
			if before >= 0 {
				b.joined.add(before, r)
			}
			before = r
		}
	}
	return nil
}

// isAtom says whether a token is one of a byte, or the unknown one, which no
// merge makes or uses.
func (b *fallbackBPE) isAtom(index int32) bool {
	return index == b.unknown || len(b.vocab.literal(index)) == len("<0x00>") && slices.Contains(b.bytes[:], index)
}

// checkMerges refuses merges of tokens that stand for no text of their own.
func (b *fallbackBPE) checkMerges() error {
	for _, s := range b.merges.slots {
		if s.next == 0 {
			continue
		}
		result := b.merges.result[s.next-1]
		for _, index := range []int32{s.left, s.right, result} {
			if literal := b.vocab.literal(index); b.isAtom(index) || literal == "" {
				return fmt.Errorf("the token %q is merged, which is not supported", shorten(literal))
			}
		}
	}
	return nil
}

// usedByUTF8 says whether a byte occurs in UTF-8 text.
func usedByUTF8(b int) bool { return b < 0xC0 || b >= 0xC2 && b <= 0xF4 }

// runePairs is a set of pairs of neighbouring characters that may say of a
// pair that is not in it that it is, which happens for one in a few.
type runePairs struct{ bits []uint64 }

// runePairsSize is a power of two: 128 KB of bits. Gemma's vocabulary has
// some 100,000 pairs.
const runePairsSize = 1 << 20

func (p *runePairs) place(a, b rune) (word int, bit uint64) {
	h := (uint64(a)<<32 | uint64(b)) * 0x9E3779B97F4A7C15 >> 44 // 20 bits
	return int(h / 64), 1 << (h % 64)
}

func (p *runePairs) add(a, b rune) {
	if p.bits == nil {
		p.bits = make([]uint64, runePairsSize/64)
	}
	word, bit := p.place(a, b)
	p.bits[word] |= bit
}

func (p *runePairs) has(a, b rune) bool {
	word, bit := p.place(a, b)
	return p.bits != nil && p.bits[word]&bit != 0
}
