package token

import (
	"fmt"
	"hash/maphash"
	"slices"
)

// Limits that a tokenizer.json must keep. They are far above any real one and
// keep every table proportional to the file.
const (
	maxFile       = 1 << 30 // bytes
	maxID         = 1 << 24
	maxAddedToken = 1 << 10 // bytes of an added token
)

// A vocabulary is the model's list of tokens. Inside this package a token is
// known by its index in the list, which is sorted by id: ids may have holes
// and be large, indices are dense.
//
// All texts stand back to back in one string and are found again through an
// open-addressing table of indices: for 50,000 tokens this takes about 1.8 MB,
// a fifth of a map[string]int32 beside a []string.
type vocabulary struct {
	arena  string
	tokens []tokenEntry
	seed   maphash.Seed
	table  []int32 // index+1, 0 is empty; a power of two long
}

type tokenEntry struct {
	id         int32
	start, end uint32 // in the arena

	// width is how much text the token stands for: in bytes, and for a
	// fallbackBPE in what a pre-token consists of before the merges.
	width int32
}

func (v *vocabulary) literal(index int32) string {
	t := &v.tokens[index]
	return v.arena[t.start:t.end]
}

// size returns the largest id plus one.
func (v *vocabulary) size() int {
	if len(v.tokens) == 0 {
		return 0
	}
	return int(v.tokens[len(v.tokens)-1].id) + 1
}

// lookup returns the index of a token by its literal text, -1 if there is none.
func (v *vocabulary) lookup(literal []byte) int32 {
	mask := uint64(len(v.table) - 1)
	for slot := maphash.Bytes(v.seed, literal) & mask; ; slot = (slot + 1) & mask {
		index := v.table[slot] - 1
		if index < 0 || v.literal(index) == string(literal) {
			return index
		}
	}
}

// byID returns the index of the token with that id, -1 if there is none.
func (v *vocabulary) byID(id int32) int32 {
	if id >= 0 && int(id) < len(v.tokens) && v.tokens[id].id == id { // as where no id is left out
		return id
	}
	i, found := slices.BinarySearchFunc(v.tokens, id, func(t tokenEntry, id int32) int { return int(t.id - id) })
	if !found {
		return -1
	}
	return int32(i)
}

// readVocabulary reads model.vocab, an object of token: id.
func readVocabulary(c *cursor) (*vocabulary, error) {
	var arena []byte
	var tokens []tokenEntry
	err := c.object(func(key []byte) error {
		start := uint32(len(arena))
		arena = append(arena, key...)
		id, err := c.id()
		tokens = append(tokens, tokenEntry{id: id, start: start, end: uint32(len(arena))})
		return err
	})
	if err != nil {
		return nil, err
	}
	v, err := newVocabulary(arena, tokens)
	if err != nil {
		return nil, c.errorf("%v", err)
	}
	return v, nil
}

// newVocabulary indexes tokens whose texts lie in the arena, in any order.
func newVocabulary(arena []byte, tokens []tokenEntry) (*vocabulary, error) {
	slices.SortFunc(tokens, func(a, b tokenEntry) int { return int(a.id - b.id) })
	v := &vocabulary{
		arena:  string(arena),
		tokens: slices.Clone(tokens), // gives back what append took in advance
		seed:   maphash.MakeSeed(),
	}
	size := 1
	for size < 2*len(v.tokens)+1 {
		size *= 2
	}
	v.table = make([]int32, size)
	for i := range v.tokens {
		if i > 0 && v.tokens[i].id == v.tokens[i-1].id {
			return nil, fmt.Errorf("the tokens %q and %q both have id %d, want one token an id",
				shorten(v.literal(int32(i-1))), shorten(v.literal(int32(i))), v.tokens[i].id)
		}
		literal := v.literal(int32(i))
		slot := maphash.String(v.seed, literal) & uint64(size-1)
		for ; v.table[slot] != 0; slot = (slot + 1) & uint64(size-1) {
			if v.literal(v.table[slot]-1) == literal {
				return nil, fmt.Errorf("the token %q is there twice", shorten(literal))
			}
		}
		v.table[slot] = int32(i) + 1
	}
	return v, nil
}
