package index

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/internal/tiny"
	"github.com/toller-search/toller/testdata"
)

// TestFormerIndex opens an index that the first version wrote, which knew its model
// by another fingerprint: it is searched as it is, migrated, added to, and then
// refuses a model that only an earlier version would have taken for its own.
func TestFormerIndex(t *testing.T) {
	ctx := context.Background()
	m := open(t, tiny.New(t))
	path := filepath.Join(t.TempDir(), "index.db")
	if err := os.WriteFile(path, testdata.Read(t, "indexes/v1/tiny.db"), 0o644); err != nil {
		t.Fatal(err)
	}
	fresh := openIndex(t, m)
	if err := fresh.Add(ctx, animals); err != nil {
		t.Fatal(err)
	}
	for _, opts := range [][]Option{{ReadOnly()}, nil, {ReadOnly()}} {
		x, err := Open(ctx, path, m, opts...)
		if err != nil {
			t.Fatal(err)
		}
		for _, mode := range []Mode{Exact, Lexical, Hybrid} {
			want, got := search(t, fresh, "the dog sat", In(mode)), search(t, x, "the dog sat", In(mode))
			if len(want) == 0 || keysOf(got) != keysOf(want) || got[0].MaxSim != want[0].MaxSim {
				t.Errorf("%s: expected %s, found %s", mode, keysOf(want), keysOf(got))
			}
		}
		if opts == nil {
			if err := x.Put(ctx, []Entry{{Key: "cow", Text: "a cow"}}); err != nil {
				t.Error(err)
			}
			if _, err := x.Delete(ctx, "cow"); err != nil {
				t.Error(err)
			}
			cleanIndex(t, x)
		}
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	}

	// The same weights with another tokenizer are another model.
	c := tiny.New(t)
	c.Set(t, "tokenizer.json", "normalizer", nil)
	if other := open(t, c); other.Info().Fingerprint != m.Info().Fingerprint {
		t.Errorf("expected the same weights, found %v and %v", other.Info().Fingerprint, m.Info().Fingerprint)
	} else if _, err := Open(ctx, path, other); !errors.Is(err, ErrModel) {
		t.Errorf("expected ErrModel, found %v", err)
	}
	if _, err := Open(ctx, path, open(t, tiny.New(t), edge.WithLowerCase(false))); !errors.Is(err, ErrModel) {
		t.Errorf("expected ErrModel, found %v", err)
	}
}
