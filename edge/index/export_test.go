package index

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/internal/tiny"
)

func export(tb testing.TB, x *Index, filter string) []Exported {
	tb.Helper()
	var all []Exported
	if err := x.Export(context.Background(), filter, func(e *Exported) bool { all = append(all, *e); return true }); err != nil {
		tb.Fatal(err)
	}
	return all
}

// TestExport moves entries from one index to another without encoding anything:
// what comes out of the second is what came out of the first.
func TestExport(t *testing.T) {
	ctx := context.Background()
	m := open(t, tiny.New(t))
	entries := append(slices.Clone(animals), Entry{Key: "long", Title: "Cat", Text: strings.Repeat("the cat sat on the mat. ", 60)})
	for _, codec := range []string{"fp32", "fp16", "int8", "4bit", "2bit", "1bit"} {
		for _, pool := range []int{0, 2} {
			t.Run(fmt.Sprint(codec, " ", pool), func(t *testing.T) {
				x := openIndex(t, m, WithCodec(codec), WithPooling(pool))
				if err := x.Add(ctx, entries); err != nil {
					t.Fatal(err)
				}
				first := export(t, x, "")
				path := filepath.Join(t.TempDir(), "copy.db")
				openIndexAt(t, path, m, WithCodec(codec), WithPooling(pool)).Close()
				y := openIndexAt(t, path, nil)
				for part := range slices.Chunk(first, 4) {
					if err := y.Import(ctx, part); err != nil {
						t.Fatal(err)
					}
				}
				cleanIndex(t, y)
				sameExport(t, first, export(t, y, ""), 0)
				with := openIndexAt(t, path, m)
				for _, query := range []string{"the dog", "bread"} {
					a, b := search(t, x, query, WithEvidence()), search(t, with, query, WithEvidence())
					if keysOf(a) != keysOf(b) {
						t.Errorf("%s: expected %q, found %q", query, keysOf(a), keysOf(b))
					}
				}

				// After a training the codes of residuals are made anew.
				if err := x.Train(ctx, nil); err != nil {
					t.Fatal(err)
				}
				trained := export(t, x, "")
				if err := y.Train(ctx, nil); err != nil {
					t.Fatal(err)
				}
				if err := y.Import(ctx, trained); err != nil {
					t.Fatal(err)
				}
				tolerance := map[string]float64{"4bit": 0.3, "2bit": 0.9, "1bit": 1.5}[codec]
				sameExport(t, trained, export(t, y, ""), tolerance)
			})
		}
	}
}

// sameExport compares entries, and their vectors component by component.
func sameExport(t *testing.T, want, got []Exported, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("expected %d entries, found %d", len(want), len(got))
	}
	worst := 0.0
	for i, w := range want {
		g := got[i]
		if g.Key != w.Key || g.Text != w.Text || g.Title != w.Title || g.Source != w.Source || g.Hash != w.Hash ||
			!g.Time.Equal(w.Time) || fmt.Sprint(g.Metadata) != fmt.Sprint(w.Metadata) || g.Model != w.Model {
			t.Errorf("expected %+v, found %+v", w.Entry, g.Entry)
		}
		if len(g.Passages) != len(w.Passages) {
			t.Fatalf("%s: expected %d passages, found %d", w.Key, len(w.Passages), len(g.Passages))
		}
		for j, p := range w.Passages {
			q := g.Passages[j]
			if q.Start != p.Start || q.End != p.End || q.Heading != p.Heading ||
				!slices.Equal(q.Clusters, p.Clusters) || len(q.Vectors) != len(p.Vectors) {
				t.Fatalf("%s: passage %d: expected %+v, found %+v", w.Key, j, p, q)
			}
			for k, v := range p.Vectors {
				worst = max(worst, math.Abs(float64(v-q.Vectors[k])))
			}
		}
	}
	if worst > tolerance {
		t.Errorf("expected components that differ by at most %v, found %v", tolerance, worst)
	}
}

func TestImportRefuses(t *testing.T) {
	ctx := context.Background()
	c := tiny.New(t)
	x := openIndex(t, open(t, c))
	if err := x.Add(ctx, animals); err != nil {
		t.Fatal(err)
	}
	good := export(t, x, "key = 'cat'")
	change := func(f func(*Exported)) []Exported {
		e := good[0]
		e.Passages = slices.Clone(e.Passages)
		f(&e)
		return []Exported{good[0], e}
	}
	before := export(t, x, "")
	for name, bad := range map[string][]Exported{
		"end":        change(func(e *Exported) { e.Passages[0].End = 1000 }),
		"dimensions": change(func(e *Exported) { e.Passages[0].Vectors = e.Passages[0].Vectors[1:] }),
		"NaN":        change(func(e *Exported) { e.Passages[0].Vectors = slices.Repeat([]float32{float32(math.NaN())}, tiny.Dim) }),
		"clusters":   change(func(e *Exported) { e.Passages[0].Clusters = []uint32{1 << 20} }),
		"no key":     change(func(e *Exported) { e.Key = "" }),
		"bad text":   change(func(e *Exported) { e.Text = "\xff" + e.Text }),
		"metadata":   change(func(e *Exported) { e.Metadata = map[string]any{"x": func() {}} }),
	} {
		if err := x.Import(ctx, bad); err == nil {
			t.Errorf("%s: expected an error, found none", name)
		}
	}
	other := openIndex(t, open(t, c, edge.WithDocumentPrompt("the ")))
	err := other.Import(ctx, good)
	if !errors.Is(err, ErrModel) || strings.Count(err.Error(), `"tiny"`) != 2 {
		t.Errorf("expected ErrModel with both names, found %v", err)
	}
	sameExport(t, before, export(t, x, ""), 0)
}
