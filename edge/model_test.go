package edge

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/internal/tiny"
	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/weights"
	"github.com/toller-search/toller/testdata"
)

// TestPacked compares a checkpoint with its packed copy, opened from a file and
// from memory.
func TestPacked(t *testing.T) {
	c := tiny.New(t)
	want := open(t, c)
	packed := c.Pack(t)
	file := filepath.Join(t.TempDir(), "tiny.safetensors")
	if err := os.WriteFile(file, packed, 0o644); err != nil {
		t.Fatal(err)
	}
	fromFile, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { fromFile.Close() })
	fromMemory, err := OpenBytes("in memory", packed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { fromMemory.Close() })
	unpacked, err := OpenFiles("files in memory", c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unpacked.Close() })
	for name, m := range map[string]*Model{"tiny.safetensors": fromFile, "in memory": fromMemory, "files in memory": unpacked} {
		got, wanted := m.Info(), want.Info()
		if got.Name != name {
			t.Errorf("expected the name %q, found %q", name, got.Name)
		}
		got.Name, got.Path = wanted.Name, wanted.Path
		if a, b := tiny.JSON(t, got), tiny.JSON(t, wanted); !bytes.Equal(a, b) {
			t.Errorf("%s: expected the description\n%s, found\n%s", name, b, a)
		}
		for _, text := range tiny.Texts {
			if !sameVectors(&encodeOne(t, m, text).vectors, &encodeOne(t, want, text).vectors) {
				t.Errorf("%s: %q: other vectors than the directory's", name, text)
			}
		}
	}
}

// TestFingerprint checks that rounding weights and changing settings leaves a
// model's fingerprint alone, and changing a weight or a layer doesn't.
func TestFingerprint(t *testing.T) {
	c := tiny.New(t)
	want := open(t, c).Info().Fingerprint
	if got := open(t, c, WithExpansion(true), WithDocumentLength(9)).Info().Fingerprint; got != want {
		t.Error("settings must not change the fingerprint")
	}
	wide, err := weights.Open(c.Dir(t))
	if err != nil {
		t.Fatal(err)
	}
	defer wide.Close()
	var packed bytes.Buffer
	if err := weights.Pack(&packed, wide, simd.F32); err != nil {
		t.Fatal(err)
	}
	m, err := OpenBytes("wide", packed.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if got := m.Info(); got.Fingerprint != want || got.DType != "F32" {
		t.Errorf("expected %v for F32 weights, found %v for %s", want, got.Fingerprint, got.DType)
	}
	for _, file := range []string{"model.safetensors", "1_Dense/model.safetensors", "2_Dense/model.safetensors"} {
		changed := tiny.New(t)
		changed[file][len(changed[file])-2] ^= 1 // the last bit of the last weight
		if got := open(t, changed).Info().Fingerprint; got == want {
			t.Errorf("%s: a changed weight must change the fingerprint", file)
		}
	}

	text, err := want.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	var read Fingerprint
	if err := read.UnmarshalText(text); err != nil || read != want || len(text) != 32 {
		t.Errorf("expected %v, found %v from %q, %v", want, read, text, err)
	}
	for _, bad := range []string{"", "12", strings.Repeat("g", 32), strings.Repeat("0", 34)} {
		if err := read.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q: expected an error, found none", bad)
		}
	}
}

// TestEveryModuleCounts changes one module's weights at a time. A loader that
// reads only model.safetensors wouldn't notice those of the Dense modules.
func TestEveryModuleCounts(t *testing.T) {
	want := encodeOne(t, open(t, tiny.New(t)), tiny.Texts[0]).Vectors()
	rng := rand.New(rand.NewPCG(5, 6))
	for _, file := range []string{"model.safetensors", "1_Dense/model.safetensors", "2_Dense/model.safetensors"} {
		changed := tiny.New(t)
		changed[file] = tiny.Safetensors(t, rng, tensorShapes(t, changed[file]))
		if got := encodeOne(t, open(t, changed), tiny.Texts[0]).Vectors(); slices.Equal(got, want) {
			t.Errorf("%s: other weights give the same vectors", file)
		}
	}
}

// TestUnitVectors checks the length of every vector.
func TestUnitVectors(t *testing.T) {
	m := open(t, tiny.New(t))
	for _, text := range tiny.Texts {
		d := encodeOne(t, m, text)
		for i := range d.Len() {
			row := d.Vectors()[i*d.Dim():][:d.Dim()]
			if n := dot(row, row); n < 0.99999 || n > 1.00001 {
				t.Errorf("%q: vector %d: expected length 1, found a square of %v", text, i, n)
			}
		}
	}
}

// TestTokenNames checks ids and names of the golden models' added tokens.
func TestTokenNames(t *testing.T) {
	m, err := Open(testdata.Checkpoint(t, "linear-head"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	const text = "a [SEP] b"
	q := encodeQuery(t, m, text)
	if q.Len() != 32 || q.Truncated() {
		t.Fatalf("expected 32 vectors, found %d, truncated %t", q.Len(), q.Truncated())
	}
	var got strings.Builder
	for _, token := range q.Tokens()[:8] {
		if token.Name != "" {
			got.WriteString("<" + token.Name + ">")
		}
		for _, s := range token.Spans {
			got.WriteString("(" + s.Of(text) + ")")
		}
	}
	if want := "<[CLS]><[Q] >(a)( )([SEP])( b)<[SEP]><[MASK]>"; got.String() != want {
		t.Errorf("expected %s, found %s", want, got.String())
	}
	if ids := q.Tokens()[1].IDs; len(ids) != 1 || ids[0] != 50368 {
		t.Errorf("expected the prefix's id, found %v", ids)
	}
}

// TestBigText encodes documents of 10 MB: what is beyond the model's length
// costs little.
func TestBigText(t *testing.T) {
	m := open(t, tiny.New(t))
	for name, piece := range map[string]string{"words": "the cat sat ", "spaces": " ", "letters": "x", "zeros": "\x00", "emoji": "👩‍👩‍👧"} {
		text := strings.Repeat(piece, 10<<20/len(piece))
		hits, err := m.Rank(context.Background(), text, []string{text, ""})
		if err != nil || len(hits) != 2 {
			t.Errorf("%s: expected two hits, found %v, %v", name, hits, err)
		}
	}
}

// FuzzOpenConfig opens a checkpoint with one of its JSON files replaced.
func FuzzOpenConfig(f *testing.F) {
	checkpoint := tiny.New(f)
	files := []string{"config.json", modulesFile, colbertFile, casingFile, "1_Dense/config.json", "2_Dense/config.json"}
	for i, name := range files {
		f.Add(uint8(i), checkpoint[name])
	}
	f.Add(uint8(2), []byte(`{"prompts": {"query": null}, "query_length": 1e3, "skiplist_words": ["", "Ġof"], "do_query_expansion": true}`))
	f.Add(uint8(1), []byte(`[{"path": "", "type": "a.Transformer"}, {"path": "../1_Dense", "type": "b.Dense"}]`))
	f.Add(uint8(0), []byte(`{"model_type": "modernbert", "layer_types": ["full_attention", "sliding_attention"], "rope_parameters": {}}`))
	dir := checkpoint.Dir(f)
	f.Fuzz(func(t *testing.T, which uint8, text []byte) {
		name := files[int(which)%len(files)]
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		m, err := Open(dir)
		if err == nil {
			encodeSomething(t, m)
			if _, err := json.Marshal(m.Info()); err != nil {
				t.Errorf("the description can't be written as JSON: %v", err)
			}
			if err := m.Close(); err != nil {
				t.Error(err)
			}
		} else if err.Error() == "" {
			t.Error("an error without a message")
		}
		if err := os.WriteFile(file, checkpoint[name], 0o644); err != nil {
			t.Fatal(err)
		}
	})
}
