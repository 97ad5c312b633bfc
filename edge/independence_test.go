package edge

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/toller-search/toller/edge/internal/tiny"
	"github.com/toller-search/toller/testdata"
)

// TestBatchIndependence encodes documents alone and in batches of 64, in
// several orders, with 1, 2 and 7 threads: a document's vectors must be the
// same to the last bit. Its texts come from the golden cases, whose lengths
// reach from nothing to the models' limits.
func TestBatchIndependence(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for _, model := range []string{"modernbert-residual", "linear-head"} {
		t.Run(model, func(t *testing.T) {
			var g golden
			if err := json.Unmarshal(testdata.Read(t, "cases/"+model+".json"), &g); err != nil {
				t.Fatal(err)
			}
			var texts []string
			for len(texts) < 64 {
				c := g.Cases[rng.IntN(len(g.Cases))]
				texts = append(texts, c.Text)
			}
			dir := testdata.Checkpoint(t, model)
			var want []*Document
			for _, threads := range []int{1, 2, 7} {
				m, err := Open(dir, WithThreads(threads))
				if err != nil {
					t.Fatal(err)
				}
				defer m.Close()
				if want == nil {
					for _, text := range texts {
						alone, err := m.EncodeDocuments(context.Background(), []string{text}, PoolFactor(2))
						if err != nil {
							t.Fatal(err)
						}
						want = append(want, alone[0])
					}
				}
				order := rng.Perm(len(texts))
				shuffled := make([]string, len(texts))
				for to, from := range order {
					shuffled[to] = texts[from]
				}
				got, err := m.EncodeDocuments(context.Background(), shuffled, PoolFactor(2))
				if err != nil {
					t.Fatal(err)
				}
				for i, d := range got {
					if !sameVectors(&d.vectors, &want[order[i]].vectors) {
						t.Errorf("%d threads: document %d differs from the same document alone", threads, order[i])
					}
				}
			}
		})
	}
}

// TestGroupIndependence ranks more documents than are tokenised together.
func TestGroupIndependence(t *testing.T) {
	m := open(t, tiny.New(t))
	texts := make([]string, groupTexts+groupTexts/2)
	for i := range texts {
		texts[i] = tiny.Texts[i%len(tiny.Texts)]
	}
	all, err := m.EncodeDocuments(context.Background(), texts)
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range all {
		if !sameVectors(&d.vectors, &all[i%len(tiny.Texts)].vectors) {
			t.Errorf("document %d differs from document %d, which has the same text", i, i%len(tiny.Texts))
		}
	}
}

// sameVectors compares everything that a text's encoding consists of.
func sameVectors(a, b *vectors) bool {
	return a.dim == b.dim && a.model == b.model && a.truncated == b.truncated &&
		slices.Equal(a.data, b.data) && slices.Equal(a.tokens, b.tokens) &&
		slices.Equal(a.ends, b.ends) && slices.Equal(a.added, b.added)
}
