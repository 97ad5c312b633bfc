package edge

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/token"
	"github.com/toller-search/toller/infer/weights"
	"github.com/toller-search/toller/testdata"
)

// packedFrom packs the checkpoint in dir.
func packedFrom(tb testing.TB, dir string, to simd.DType) []byte {
	tb.Helper()
	c, err := weights.Open(dir)
	if err != nil {
		tb.Fatal(err)
	}
	defer c.Close()
	var packed bytes.Buffer
	if err := weights.Pack(&packed, c, to); err != nil {
		tb.Fatal(err)
	}
	return packed.Bytes()
}

// sameModel compares everything about two models but what they were opened from.
func sameModel(t *testing.T, what string, a, b *Model) {
	t.Helper()
	left, right := a.Info(), b.Info()
	left.Name, left.Path, left.DType, left.Embeddings = right.Name, right.Path, right.DType, right.Embeddings
	if !reflect.DeepEqual(left, right) {
		t.Errorf("%s: expected\n%+v, found\n%+v", what, left, right)
	}
	if a.DocumentFingerprint() != b.DocumentFingerprint() {
		t.Errorf("%s: another document fingerprint", what)
	}
	for _, text := range []string{"what slows bone loss?", "[unused0] [q] ΟΔΟΣ [MASK] naïve, 東京.", ""} {
		q, d := encodeQuery(t, a, text), encodeOne(t, a, text)
		if other := encodeQuery(t, b, text); !reflect.DeepEqual(q, other) {
			t.Errorf("%s: query %q: other vectors", what, text)
		}
		if other := encodeOne(t, b, text); !reflect.DeepEqual(d, other) {
			t.Errorf("%s: document %q: other vectors", what, text)
		}
	}
}

// TestPackLayouts: a checkpoint in one file is the same to the last bit, in
// every layout, as it is and read as the other library reads it.
func TestPackLayouts(t *testing.T) {
	names := slices.Concat(testdata.Models[2:], testdata.BERT, testdata.Native[1:])
	if testing.Short() {
		names = []string{"stanford", "pylate-subfolder", "st6-bert-prompt", "st6-modernbert-pool"}
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			dir := testdata.Checkpoint(t, name)
			packed := packedFrom(t, dir, simd.F32)
			for _, opts := range [][]Option{nil, {WithReference(SentenceTransformers)}} {
				folder, err := Open(dir, opts...)
				if err != nil {
					t.Fatal(err)
				}
				defer folder.Close()
				file, err := OpenBytes(name, packed, opts...)
				if err != nil {
					t.Fatal(err)
				}
				defer file.Close()
				sameModel(t, "packed", folder, file)
			}
			again, err := weights.OpenBytes(name, packed)
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			var twice bytes.Buffer
			if err := weights.Pack(&twice, again, simd.F32); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(twice.Bytes(), packed) {
				t.Error("packed again it is another file")
			}
		})
	}
}

// TestShards spreads a backbone over three files, and opens it.
func TestShards(t *testing.T) {
	for name, folder := range map[string]string{"stanford": "", "pylate-subfolder": "0_Transformer", "st6-bert": ""} {
		t.Run(name, func(t *testing.T) {
			dir := testdata.Checkpoint(t, name)
			whole, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer whole.Close()

			spread := testdata.Checkpoint(t, name)
			c, err := weights.Open(spread)
			if err != nil {
				t.Fatal(err)
			}
			tensors, err := c.Tensors(folder)
			if err != nil {
				t.Fatal(err)
			}
			shards := make([]map[string]weights.Tensor, 3)
			places := map[string]string{}
			files := []string{"model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors", "model-00003-of-00003.safetensors"}
			for name, tensor := range tensors {
				i := len(name) % len(shards)
				if shards[i] == nil {
					shards[i] = map[string]weights.Tensor{}
				}
				shards[i][name], places[name] = tensor, files[i]
			}
			for i, shard := range shards {
				var file bytes.Buffer
				if err := weights.Write(&file, shard, simd.F32); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(spread, folder, files[i]), file.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			index, err := json.Marshal(map[string]any{"metadata": map[string]any{}, "weight_map": places})
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(spread, folder, "model.safetensors.index.json"), index, 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(filepath.Join(spread, folder, "model.safetensors")); err != nil {
				t.Fatal(err)
			}
			m, err := Open(spread)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			sameModel(t, "in shards", whole, m)
			file, err := OpenBytes(name, packedFrom(t, spread, simd.F32))
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			sameModel(t, "in shards, packed", whole, file)
		})
	}
}

// TestVocabularyFile: a BERT without tokenizer.json has the tokenizer of its
// vocab.txt, packed too.
func TestVocabularyFile(t *testing.T) {
	dir := testdata.Checkpoint(t, "stanford")
	whole, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Close()
	if err := os.Remove(filepath.Join(dir, tokenizerFile)); err != nil {
		t.Fatal(err)
	}
	m, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	sameModel(t, "vocab.txt", whole, m)
	file, err := OpenBytes("stanford", packedFrom(t, dir, simd.F32))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	sameModel(t, "vocab.txt, packed", whole, file)

	// And that of package token, but for the markers.
	text, err := os.ReadFile(filepath.Join(dir, vocabularyFile))
	if err != nil {
		t.Fatal(err)
	}
	other, err := token.LoadWordPiece(vocabularyFile, text, token.WordPieceSettings{})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"Crème brûlée, 東京 [MASK] unaffable", ""} {
		want := other.Encode(text, token.Options{})
		if got := m.documents.tokenizer.Encode(text, token.Options{}); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: expected %v, found %v", text, want, got)
		}
	}

	if err := os.Remove(filepath.Join(dir, vocabularyFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "tokenizer.json") || !strings.Contains(err.Error(), "vocab.txt") {
		t.Errorf("expected an error about tokenizer.json and vocab.txt, found %v", err)
	}
}
