package edge

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/toller-search/toller/edge/internal/tiny"
)

// TestCodec writes and reads back every kind of text.
func TestCodec(t *testing.T) {
	c := tiny.New(t)
	c.Set(t, colbertFile, "do_query_expansion", true)
	c.Set(t, colbertFile, "prompts", map[string]string{"query": "cat: "})
	m := open(t, c)
	for _, text := range tiny.Texts {
		q := encodeQuery(t, m, text)
		data, err := q.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var q2 Query
		if err := q2.UnmarshalBinary(data); err != nil || !reflect.DeepEqual(q, &q2) {
			t.Errorf("query %q: expected %+v, found %+v, %v", text, q, q2, err)
		}
		for _, opts := range [][]EncodeOption{nil, {PoolFactor(2)}, {MaxTokens(5)}, {MaxTokens(12), PoolFactor(100)}} {
			d := encodeOne(t, m, text, opts...)
			data, err := d.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			var d2 Document
			if err := d2.UnmarshalBinary(data); err != nil || !reflect.DeepEqual(d, &d2) {
				t.Errorf("document %q: expected %+v, found %+v, %v", text, d, d2, err)
			}
			if !reflect.DeepEqual(Explain(q, d), Explain(&q2, &d2)) {
				t.Errorf("document %q: another explanation after reading back", text)
			}
		}
	}
	// The zero values too.
	data, _ := new(Document).MarshalBinary()
	if err := new(Document).UnmarshalBinary(data); err != nil {
		t.Error(err)
	}
}

// TestCodecRefuses damages an encoded document in one place each.
func TestCodecRefuses(t *testing.T) {
	m := open(t, tiny.New(t))
	d := encodeOne(t, m, "the cat sat", PoolFactor(2))
	good, err := d.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	const dim, count, tokens, added = 24, 28, 32, 36 // offsets in the header
	vectorsAt := len(good) - 4*len(d.ends) - 12*len(d.tokens) - 4*len(d.data)
	tokensAt := vectorsAt + 4*len(d.data)
	endsAt := len(good) - 4*len(d.ends)
	put := func(at int, value uint32) func([]byte) []byte {
		return func(b []byte) []byte { le.PutUint32(b[at:], value); return b }
	}
	for _, test := range []struct {
		name   string
		damage func([]byte) []byte
		want   string
	}{
		{"nothing", func([]byte) []byte { return nil }, "magic"},
		{"a query", func(b []byte) []byte { b[3] = 'Q'; return b }, `magic: expected "tlrD", found "tlrQ"`},
		{"version", func(b []byte) []byte { b[4] = 2; return b }, "version: expected 1, found 2"},
		{"flags", func(b []byte) []byte { b[6] = 4; return b }, "flags"},
		{"no dim", put(dim, 0), "dim"},
		{"large dim", put(dim, 1<<20), "dim"},
		{"many vectors", put(count, math.MaxUint32), "tokens"},
		{"fewer tokens than vectors", put(tokens, 1), "tokens"},
		{"many tokens", put(tokens, math.MaxUint32), "end too early"},
		{"many added", put(added, math.MaxUint32), "added tokens"},
		{"long name", put(added+8, 1<<30), "name of an added token"},
		{"NaN", put(vectorsAt+4, math.Float32bits(float32(math.NaN()))), "vector 0: expected finite components"},
		{"infinity", put(vectorsAt+4*tiny.Dim, math.Float32bits(float32(math.Inf(-1)))), "vector 1: expected finite components"},
		{"span before the text", put(tokensAt+4, math.MaxUint32), "token 0: expected a span"},
		{"span backwards", put(tokensAt+4, 1), "token 0: expected a span, found [1, 0)"},
		{"vector without tokens", put(endsAt+4, 1), "vector 1: expected at least one token"},
		{"tokens without a vector", put(len(good)-4, uint32(len(d.tokens))+1), "tokens among the vectors"},
		{"more", func(b []byte) []byte { return append(b, 0) }, "1 bytes after the end"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got Document
			err := got.UnmarshalBinary(test.damage(slices.Clone(good)))
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "edge: document: ") {
				t.Errorf("expected an error with %q, found %v", test.want, err)
			}
			if got.Len() != 0 {
				t.Error("a failed UnmarshalBinary must leave the document alone")
			}
		})
	}
	for n := range good {
		if err := new(Document).UnmarshalBinary(good[:n]); err == nil {
			t.Errorf("expected an error for the first %d of %d bytes, found none", n, len(good))
		}
	}
}

// TestCodecMemory reads headers that claim more than there is.
func TestCodecMemory(t *testing.T) {
	m := open(t, tiny.New(t))
	good, err := encodeOne(t, m, "the cat sat").MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	var before, after runtime.MemStats
	for range 2000 {
		damaged := mutate(rng, good)
		runtime.ReadMemStats(&before)
		var d Document
		err := d.UnmarshalBinary(damaged)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 64<<10 {
			t.Fatalf("%d bytes took %d to read", len(damaged), used)
		}
		if err == nil {
			d.Tokens()
		}
	}
}

// FuzzUnmarshalDocument reads arbitrary bytes. What can be read must be written
// back as it was, and can be used.
func FuzzUnmarshalDocument(f *testing.F) {
	m := open(f, tiny.New(f))
	q := encodeQuery(f, m, "the cat")
	for _, text := range tiny.Texts {
		for _, factor := range []int{1, 3} {
			data, err := encodeOne(f, m, text, PoolFactor(factor)).MarshalBinary()
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var d Document
		if err := d.UnmarshalBinary(data); err != nil {
			return
		}
		again, err := d.MarshalBinary()
		if err != nil || !slices.Equal(again, data) {
			t.Fatalf("expected the same %d bytes, found %d, %v", len(data), len(again), err)
		}
		if len(d.Tokens()) != d.Len() {
			t.Fatalf("expected %d tokens, found %d", d.Len(), len(d.Tokens()))
		}
		e := Explain(q, &d)
		e.Highlights("some other text", 0)
		e.BestPassage("some other text", 7)
	})
}
