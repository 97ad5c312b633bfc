package export

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/toller-search/toller/edge/index"
)

const dim = 3

var model = index.Origin{Name: "tiny", Fingerprint: [16]byte{1, 2, 3}, Dim: dim}

// exported makes a document with n passages.
func exported(rng *rand.Rand, key string, n int) index.Exported {
	d := index.Exported{Model: model, Passages: []index.Passage{}}
	d.Entry = index.Entry{
		Key: key, Title: "<Title> & \u2028", Source: "/a/" + key, Text: strings.Repeat("text of "+key+"\n", n),
		Metadata: map[string]any{"year": 2026.0, "tags": []any{"a", "b"}}, Time: time.UnixMilli(1_700_000_000_123).UTC(),
	}
	for i := range d.Hash {
		d.Hash[i] = byte(rng.Uint32())
	}
	for i := range n {
		p := index.Passage{Start: 9 * i, End: 9*i + 9, Heading: "A > B", Vectors: make([]float32, dim*rng.IntN(40))}
		for j := range p.Vectors {
			p.Vectors[j] = float32(rng.NormFloat64())
		}
		for range len(p.Vectors) / dim {
			p.Clusters = append(p.Clusters, rng.Uint32())
		}
		d.Passages = append(d.Passages, p)
	}
	return d
}

// What is written comes back, batch by batch.
func TestRoundTrip(t *testing.T) {
	for _, vectors := range []string{VectorsFile, TensorFile} {
		t.Run(vectors, func(t *testing.T) { roundTrip(t, vectors) })
	}
}

func roundTrip(t *testing.T, vectors string) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	folder := t.TempDir()
	w, err := Create(folder, model, vectors, false)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Discard()
	var want []index.Exported
	for i := range batchDocuments + 10 {
		d := exported(rng, string(rune('a'+i%26))+strings.Repeat("x", i/26), i%4)
		if i == 7 {
			d.Time, d.Metadata = time.Time{}, nil
		}
		want = append(want, d)
		if err := w.Append(&d); err != nil {
			t.Fatal(err)
		}
	}
	if entries, _ := os.ReadDir(folder); len(entries) != 3 || !strings.HasSuffix(entries[0].Name(), ".tmp") {
		t.Errorf("half written: %v", entries)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}

	r, err := Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Header() != w.Header() || r.Header().Documents != len(want) || r.Header().Dim != dim {
		t.Errorf("header %+v, written as %+v", r.Header(), w.Header())
	}
	var got []index.Exported
	var sizes []int
	for {
		batch, err := r.Batch()
		if err != nil {
			t.Fatal(err)
		}
		if len(batch) == 0 {
			break
		}
		sizes = append(sizes, len(batch))
		got = append(got, batch...)
	}
	if !reflect.DeepEqual(sizes, []int{batchDocuments, 10}) || r.Documents() != len(want) || r.Rows() != r.Header().Rows {
		t.Errorf("batches of %v, %d documents, %d rows of %d", sizes, r.Documents(), r.Rows(), r.Header().Rows)
	}
	for i, d := range got {
		if !reflect.DeepEqual(d, want[i]) {
			t.Fatalf("document %d is %+v, was %+v", i, d, want[i])
		}
	}
}

// What is not committed leaves nothing, and what is there is not overwritten.
func TestCreate(t *testing.T) {
	folder := t.TempDir()
	w, err := Create(folder, model, VectorsFile, false)
	if err != nil {
		t.Fatal(err)
	}
	w.Discard()
	if entries, _ := os.ReadDir(folder); len(entries) != 0 {
		t.Errorf("left: %v", entries)
	}
	if err := os.WriteFile(filepath.Join(folder, VectorsFile), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(folder, model, VectorsFile, false); err == nil || !strings.Contains(err.Error(), VectorsFile+" exists") {
		t.Errorf("said %v", err)
	}
	if entries, _ := os.ReadDir(folder); len(entries) != 1 {
		t.Errorf("left: %v", entries)
	}
	if w, err = Create(folder, model, VectorsFile, true); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	r, err := Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if batch, err := r.Batch(); len(batch) != 0 || err != nil {
		t.Errorf("an empty export has %v, %v", batch, err)
	}
}
