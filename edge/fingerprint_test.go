package edge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/internal/tiny"
	"github.com/toller-search/toller/infer"
	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/weights"
	"github.com/toller-search/toller/testdata"
)

// TestDocumentFingerprintOfCopies: packed or not, in float16 or float32, and
// with its JSON written in another way, a checkpoint is the same.
func TestDocumentFingerprintOfCopies(t *testing.T) {
	source := tiny.New(t)
	m := open(t, source)
	want := m.DocumentFingerprint()
	same := func(what string, m *Model, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		defer m.Close()
		if got := m.DocumentFingerprint(); got != want {
			t.Errorf("%s: expected %v, found %v", what, want, got)
		}
	}
	c, err := weights.Open(source.Dir(t))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, d := range []simd.DType{simd.F16, simd.F32} {
		var packed bytes.Buffer
		if err := weights.Pack(&packed, c, d); err != nil {
			t.Fatal(err)
		}
		copied, err := OpenBytes("copy", packed.Bytes())
		same("packed as "+d.String(), copied, err)
	}

	// Token embeddings in bytes are other ones, and make a model of their own.
	table, err := infer.EmbeddingTable(c)
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	if err := weights.Pack(&packed, c, simd.F16, table); err != nil {
		t.Fatal(err)
	}
	rounded, err := OpenBytes("rounded", packed.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	defer rounded.Close()
	if got := rounded.Info(); got.Embeddings != "I8" || got.Fingerprint == m.Info().Fingerprint || rounded.DocumentFingerprint() == want {
		t.Errorf("embeddings in %s: fingerprints %v and %v", got.Embeddings, got.Fingerprint, rounded.DocumentFingerprint())
	}

	var tokenizer map[string]any
	if err := json.Unmarshal(source["tokenizer.json"], &tokenizer); err != nil {
		t.Fatal(err)
	}
	tokenizer["padding"] = map[string]any{"strategy": "BatchLongest"}
	tokenizer["truncation"] = nil
	model := tokenizer["model"].(map[string]any)
	model["dropout"] = nil
	var pairs []any
	for _, merge := range model["merges"].([]any) {
		left, right, _ := strings.Cut(merge.(string), " ")
		pairs = append(pairs, []any{left, right})
	}
	model["merges"] = pairs
	written, err := json.MarshalIndent(tokenizer, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	other := tiny.New(t)
	other["tokenizer.json"] = bytes.ReplaceAll(written, []byte("Ġ"), []byte(`\u0120`))
	copied, err := Open(other.Dir(t))
	same("a tokenizer.json written in another way", copied, err)

	for what, option := range map[string]Option{
		"the document length": WithDocumentLength(20),
		"queries":             WithQueryPrefix("[D] "),
		"exact numerics":      WithNumerics(Exact),
		"threads":             WithThreads(1),
	} {
		copied, err := Open(source.Dir(t), option)
		same("with another choice of "+what, copied, err)
	}
}

// TestDocumentFingerprintOfOthers: whatever changes a document's vectors changes
// the fingerprint.
func TestDocumentFingerprintOfOthers(t *testing.T) {
	seen := map[Fingerprint]string{open(t, tiny.New(t)).DocumentFingerprint(): "the model"}
	other := func(what string, m *Model) {
		t.Helper()
		got := m.DocumentFingerprint()
		if before, known := seen[got]; known {
			t.Errorf("%s: the fingerprint of %s", what, before)
		}
		seen[got] = what
	}
	for what, option := range map[string]Option{
		"another prompt":    WithDocumentPrompt("passage: "),
		"another prefix":    WithDocumentPrefix("[Q] "),
		"without skiplist":  WithSkiplist(nil),
		"another casing":    WithLowerCase(false),
		"not normalised":    WithNormalization(false),
		"the other library": WithReference(SentenceTransformers),
	} {
		other(what, open(t, tiny.New(t), option))
	}
	for _, pooling := range []map[string]any{
		{}, {"pool_factor": 2}, {"pool_factor": 1.5}, {"pool_factor": 2, "num_protected_tokens": 2}, {"pool_factor": 2, "normalize_embeddings": true},
	} {
		native := tiny.Native(t)
		native["4_HierarchicalTokenPooling/config.json"] = tiny.JSON(t, pooling)
		other(fmt.Sprint("pooling ", pooling), open(t, native))
	}
	// The weights of these are the same.
	for what, change := range map[string]func(tokenizer map[string]any){
		"no normaliser":         func(j map[string]any) { j["normalizer"] = nil },
		"another normaliser":    func(j map[string]any) { j["normalizer"] = map[string]any{"type": "Lowercase"} },
		"a space in front":      func(j map[string]any) { j["pre_tokenizer"].(map[string]any)["add_prefix_space"] = true },
		"words not split":       func(j map[string]any) { j["pre_tokenizer"].(map[string]any)["use_regex"] = false },
		"merges left out":       func(j map[string]any) { model(j)["merges"] = model(j)["merges"].([]any)[:5] },
		"merges swapped":        func(j map[string]any) { m := model(j)["merges"].([]any); m[0], m[1] = m[1], m[0] },
		"tokens before merges":  func(j map[string]any) { model(j)["ignore_merges"] = true },
		"tokens swapped":        func(j map[string]any) { v := model(j)["vocab"].(map[string]any); v["!"], v["A"] = v["A"], v["!"] },
		"an added token's name": func(j map[string]any) { added(j, 0)["content"] = "[WHAT]" },
		"an added token's flag": func(j map[string]any) { added(j, 4)["lstrip"] = false },
	} {
		source := tiny.New(t)
		var j map[string]any
		if err := json.Unmarshal(source["tokenizer.json"], &j); err != nil {
			t.Fatal(err)
		}
		change(j)
		source["tokenizer.json"] = tiny.JSON(t, j)
		m := open(t, source)
		other(what, m)
		if m.Info().Fingerprint != open(t, tiny.New(t)).Info().Fingerprint {
			t.Errorf("%s: the weights have another fingerprint", what)
		}
	}
}

func model(tokenizer map[string]any) map[string]any { return tokenizer["model"].(map[string]any) }

func added(tokenizer map[string]any, i int) map[string]any {
	return tokenizer["added_tokens"].([]any)[i].(map[string]any)
}

// TestFormerDocumentFingerprints pins what index files of earlier versions hold.
func TestFormerDocumentFingerprints(t *testing.T) {
	for name, want := range map[string]string{
		"edge-17m-shape":      "f8d348774140cce287871060a693444c",
		"modernbert-residual": "282806fcaa81e3eb23ed26c5bc4378c7",
	} {
		m, err := Open(testdata.Checkpoint(t, name))
		if err != nil {
			t.Fatal(err)
		}
		former := m.FormerDocumentFingerprints()
		if len(former) != 1 || former[0].String() != want {
			t.Errorf("%s: expected %s, found %v", name, want, former)
		}
		if former[0] == m.DocumentFingerprint() {
			t.Errorf("%s: nothing tells the versions apart", name)
		}
		m.Close()
	}
}

func TestNumerics(t *testing.T) {
	if got := open(t, tiny.New(t)).Info().Numerics; got != Exact || got.String() != "exact" {
		t.Errorf("expected exact, found %q", got)
	}
	const want = `infer: numerics: expected "exact", found "sloppy"`
	if got := openError(t, tiny.New(t), WithNumerics("sloppy")); got != want {
		t.Errorf("expected %q, found %q", want, got)
	}
}

func BenchmarkDigestTokenizer(b *testing.B) {
	c, err := weights.Open(testdata.Checkpoint(b, "edge-17m-shape"))
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	text, err := c.ReadFile(tokenizerFile)
	if err != nil {
		b.Fatal(err)
	}
	m, err := Open(testdata.Checkpoint(b, "edge-17m-shape"))
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		digestTokenizer(m.documents.tokenizer, text)
	}
}
