package token

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// A randomModel has a few letters and merges of them in random order, which
// need not be an order that training could give. It returns tokenizer.json.
func randomModel(rng *rand.Rand, letters string, merges int) []byte {
	vocab := map[string]int{}
	var tokens []string
	add := func(token string) {
		if _, ok := vocab[token]; !ok {
			vocab[token] = len(vocab)
			tokens = append(tokens, token)
		}
	}
	for b := range 256 {
		add(string(byteLetter[b]))
	}
	tokens = strings.Split(letters, "")
	var pairs []string
	for range merges {
		left, right := tokens[rng.IntN(len(tokens))], tokens[rng.IntN(len(tokens))]
		add(left + right)
		pairs = append(pairs, left+" "+right)
	}
	rng.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	data, err := json.Marshal(map[string]any{
		"pre_tokenizer": map[string]any{"type": "ByteLevel", "add_prefix_space": false, "use_regex": false},
		"model":         map[string]any{"type": "BPE", "vocab": vocab, "merges": pairs},
	})
	if err != nil {
		panic(err)
	}
	return data
}

// mergeSimply is byte pair encoding as one would explain it.
func mergeSimply(b *byteLevelBPE, word string) []int32 {
	var symbols []int32
	for _, c := range []byte(word) {
		symbols = append(symbols, b.bytes[c])
	}
	for {
		best, at := int32(noMerge), 0
		for i := 0; i+1 < len(symbols); i++ {
			if rank := b.merges.rank(symbols[i], symbols[i+1]); rank < best {
				best, at = rank, i
			}
		}
		if best == noMerge {
			return symbols
		}
		symbols = slices.Replace(symbols, at, at+2, b.merges.result[best])
	}
}

func TestMergeAgainstSimpleOne(t *testing.T) {
	rng := newRand(t)
	for range times(300) {
		letters := "abcd"[:1+rng.IntN(4)]
		data := randomModel(rng, letters, 1+rng.IntN(60))
		model := load(t, data).encoder.model.(*byteLevelBPE)
		var m merger
		for range 20 {
			word := randomWord(rng, letters, 1+rng.IntN(300))
			want := mergeSimply(model, word)
			m.symbols = m.symbols[:0]
			for _, c := range []byte(word) {
				m.symbols = append(m.symbols, model.bytes[c])
			}
			long := slices.Clone(m.symbols)
			if got := model.mergeLong(long, &m.queue); !slices.Equal(got, want) {
				t.Fatalf("mergeLong of %s: got %v, want %v\n%s", word, got, want, data)
			}
			if got := model.mergeShort(m.symbols, make([]int32, len(word))); !slices.Equal(got, want) {
				t.Fatalf("mergeShort of %s: got %v, want %v\n%s", word, got, want, data)
			}
			var parts []int32
			for rest := []byte(word); len(rest) > 0; {
				n := model.independent(rest)
				parts = append(parts, model.mergeBytes(&m, rest[:n])...)
				rest = rest[n:]
			}
			if !slices.Equal(parts, want) {
				t.Fatalf("%s in independent parts: got %v, want %v\n%s", word, parts, want, data)
			}
		}
	}
}

// TestQueueStaysShort: a run of one letter is merged with next to no memory
// beside its symbols.
func TestQueueStaysShort(t *testing.T) {
	model := modernBERT(t).encoder.model.(*byteLevelBPE)
	var m merger
	got := model.mergeBytes(&m, []byte(strings.Repeat("a", 100000)))
	if len(got) == 0 || cap(m.queue) > 64 {
		t.Errorf("%d tokens with a queue of %d", len(got), cap(m.queue))
	}
}

func randomWord(rng *rand.Rand, letters string, n int) string {
	word := make([]byte, n)
	same := rng.IntN(3) // of three words one is random, one repeats itself, one has long runs
	for i := range word {
		switch {
		case same == 1 && i >= 3:
			word[i] = word[i-3]
		case same == 2 && i > 0 && rng.IntN(10) > 0:
			word[i] = word[i-1]
		default:
			word[i] = letters[rng.IntN(len(letters))]
		}
	}
	return string(word)
}

// TestMergeTableGrows: a file may have any number of merges.
func TestMergeTableGrows(t *testing.T) {
	table := newMergeTable(1)
	for i := range int32(1000) {
		table.add(i, i*7, i)
		table.add(i/2, i/2*7, i)
	}
	for i := range int32(1000) {
		want := 2 * i // the rank of its own
		if i < 500 {
			want = 4*i + 3 // the last time that it came as the half of another
		}
		if got := table.rank(i, i*7); got != want {
			t.Fatalf("the pair %d has rank %d, want %d", i, got, want)
		}
	}
	if table.rank(1, 1) != noMerge || 2*table.pairs >= len(table.slots) {
		t.Errorf("%d pairs in %d slots", table.pairs, len(table.slots))
	}
}

func TestMergeRanks(t *testing.T) {
	for _, c := range []struct {
		name, merges, word, want string
	}{
		{"lowest rank first", `["b c","a b"]`, "abc", "a bc"},
		{"leftmost first", `["a a"]`, "aaa", "aa a"},
		{"merges build on merges", `["a b","ab c"]`, "abcab", "abc ab"},
		{"a rank below the one that leads to it", `["ab c","a b"]`, "abcab", "abc ab"},
		{"the last of two equal pairs counts", `["a b","b c","a b"]`, "abc", "a bc"},
		{"a version line takes no rank", `["#version: 0.2","b c","a b"]`, "abc", "a bc"},
		{"pairs as lists", `[["b","c"],["a","b"]]`, "abc", "a bc"},
		{"a pair that no text leads to", `["x y","a b"]`, "abc", "ab c"},
		{"an empty part", `[["","a"],["a","b"]]`, "abc", "ab c"},
	} {
		tok := load(t, tinyModel(t, c.merges, `"x ":300,"x":301,"x y":302,"xy":304,"":303`))
		var got []string
		for _, id := range tok.Encode(c.word, Options{}).IDs {
			token, _ := tok.Token(id)
			got = append(got, token)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: merges %s make %v of %s, want %s", c.name, c.merges, got, c.word, c.want)
		}
	}
}

// tinyModel has all bytes, a few tokens and the merges given.
func tinyModel(tb testing.TB, merges, more string) []byte {
	tb.Helper()
	var vocab []string
	for b := range 256 {
		letter, err := json.Marshal(string(byteLetter[b]))
		if err != nil {
			tb.Fatal(err)
		}
		if b == 'x' && strings.Contains(more, `"x":`) || b == 'y' && strings.Contains(more, `"y":`) {
			continue
		}
		vocab = append(vocab, fmt.Sprintf("%s:%d", letter, b))
	}
	for i, token := range []string{"aa", "ab", "bc", "abc"} {
		vocab = append(vocab, fmt.Sprintf("%q:%d", token, 256+i))
	}
	if more != "" {
		vocab = append(vocab, more)
	}
	return fmt.Appendf(nil, `{"model":{"type":"BPE","vocab":{%s},"merges":%s},
		"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false}}`, strings.Join(vocab, ","), merges)
}

func TestByteLevelAlphabet(t *testing.T) {
	for _, c := range []struct {
		b      byte
		letter rune
	}{{' ', 'Ġ'}, {'\n', 'Ċ'}, {0, 'Ā'}, {'a', 'a'}, {0x7F, 'ġ'}, {0xA0, 'ł'}, {0xAD, 'Ń'}, {0xFF, 'ÿ'}} {
		if byteLetter[c.b] != c.letter {
			t.Errorf("the letter of byte 0x%02X is %c, want %c", c.b, byteLetter[c.b], c.letter)
		}
		if letterByte[c.letter] != int16(c.b) {
			t.Errorf("the byte of letter %c is 0x%02X, want 0x%02X", c.letter, letterByte[c.letter], c.b)
		}
	}
	for literal, want := range map[string]int32{"Ġof": 3, "": 0, "a b": 0, "中": 0, "ÿÿ": 2} {
		if got := byteLevelWidth(literal); got != want {
			t.Errorf("the width of %q is %d, want %d", literal, got, want)
		}
	}
}
