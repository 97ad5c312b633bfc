package index

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/internal/tiny"
)

// TestIndexPooledModel: an index keeps the vectors of a model whose checkpoint has
// documents pooled as they come, and explains them.
func TestIndexPooledModel(t *testing.T) {
	ctx := context.Background()
	m := open(t, tiny.Native(t))
	x := openIndex(t, m, WithCodec("fp32"), WithWholeDocuments())
	text := strings.Repeat("the cat sat on the mat ", 4)
	if err := x.Add(ctx, []Entry{{Key: "cats", Text: text}, {Key: "dog", Text: "bread of the dog"}}); err != nil {
		t.Fatal(err)
	}
	found := search(t, x, "the cat", In(Exact), WithEvidence())
	if len(found) != 2 {
		t.Fatalf("found %v", found)
	}
	hits, err := m.Rank(ctx, "the cat", []string{text, "bread of the dog"}, edge.MaxTokens(tiny.Positions))
	if err != nil {
		t.Fatal(err)
	}
	pooled := false
	for i, r := range found {
		if diff := r.Score - float64(hits[i].Score); diff > 1e-5 || diff < -1e-5 {
			t.Errorf("%s: expected %v, found %v", r.Key, hits[i].Score, r.Score)
		}
		for _, match := range r.Evidence.Matches {
			pooled = pooled || len(match.Document.IDs) > 1
		}
	}
	if !pooled {
		t.Error("no vector stands for several tokens")
	}
}

// TestIndexRefusesRawModel: an index keeps unit vectors.
func TestIndexRefusesRawModel(t *testing.T) {
	m := open(t, tiny.Native(t), edge.WithNormalization(false))
	_, err := Open(context.Background(), filepath.Join(t.TempDir(), "raw.db"), m)
	if err == nil || !strings.Contains(err.Error(), "unit vectors") || !strings.Contains(err.Error(), "tiny") {
		t.Errorf("expected an error about vectors that aren't unit vectors, found %v", err)
	}
}
