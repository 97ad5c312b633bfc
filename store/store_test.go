package store

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/toller-search/toller/store/codec"
)

var kinds = []codec.Kind{codec.FP32, codec.FP16, codec.Int8, codec.Residual4, codec.Residual2, codec.Residual1}

// TestKinds stores, updates, deletes and searches with every codec, before and
// after the first training, and compares exact search with MaxSim over the
// decoded vectors.
func TestKinds(t *testing.T) {
	for _, kind := range kinds {
		for _, dims := range []int{0, 12} {
			t.Run(fmt.Sprintf("%s-%d", kind, dims), func(t *testing.T) {
				o := testOptions(16, kind)
				o.Dims = dims
				s := create(t, o)
				c := newCollection(1, 16, 300, 20)
				for i := range 30 {
					var documents []Document
					for j := range 5 {
						documents = append(documents, c.document(fmt.Sprint(i*5+j), 1+j%3, 12))
					}
					if _, err := s.Add(t.Context(), documents); err != nil {
						t.Fatal(err)
					}
					if i == 3 {
						compareExact(t, s, c) // staged
					}
				}
				if n, err := s.Delete(t.Context(), "3", "40", "no such"); n != 2 || err != nil {
					t.Fatal(n, err)
				}
				if _, err := s.Update(t.Context(), []Document{c.document("5", 2, 10)}); err != nil {
					t.Fatal(err)
				}
				stat, err := s.Stat(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if !stat.Trained || stat.Training || stat.Trouble != nil || stat.Documents != 148 {
					t.Errorf("%+v", stat)
				}
				compareExact(t, s, c)
				clean(t, s)
				if err := s.Compact(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				compareExact(t, s, c)
				clean(t, s)
			})
		}
	}
}

// decoded is every passage's vectors as the store has them.
func decoded(t testing.TB, s *Store, filter string) map[int64][]float32 {
	t.Helper()
	all := map[int64][]float32{}
	if err := s.Documents(t.Context(), Selection{Filter: filter, Vectors: true}, func(d *Document) bool {
		for _, p := range d.Passages {
			all[p.ID] = p.Vectors
		}
		return true
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// compareExact compares exact search with the definition.
func compareExact(t testing.TB, s *Store, c *collection) {
	t.Helper()
	all := decoded(t, s, "")
	_, q := c.query(8)
	hits, err := s.Search(t.Context(), Query{Vectors: q, K: 10, Mode: Exact})
	if err != nil {
		t.Fatal(err)
	}
	compareHits(t, hits, all, q, s.settings.model.Dim)
}

func compareHits(t testing.TB, hits []Hit, all map[int64][]float32, q []float32, dim int) {
	t.Helper()
	type expected struct {
		id    int64
		score float64
	}
	var list []expected
	for id, v := range all {
		if len(v) > 0 && len(v)%dim == 0 {
			list = append(list, expected{id, maxSim(q, v, dim)})
		}
	}
	if len(list) < len(all) {
		return // projected vectors: the query isn't
	}
	slices.SortFunc(list, func(a, b expected) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.id, b.id))
	})
	if want := min(10, len(list)); len(hits) != want {
		t.Fatalf("%d hits, expected %d", len(hits), want)
	}
	for i, h := range hits {
		if math.Abs(h.Score-list[i].score) > 1e-3 || math.Abs(h.Score-maxSim(q, all[h.Passage.ID], dim)) > 1e-3 {
			t.Errorf("hit %d: passage %d, score %v, expected passage %d, score %v", i, h.Passage.ID, h.Score, list[i].id, list[i].score)
		}
	}
}

func TestDocumentRoundTrip(t *testing.T) {
	s := create(t, testOptions(4, codec.FP32))
	d := Document{
		Key: "k'\"\x00é", Title: "Tïtle", Source: "/a/b", Text: "Hello wörld. Again.",
		Metadata: []byte(`{"a":{"b":[1,2]}}`), Hash: [32]byte{7}, Time: time.UnixMilli(1714521600123),
		Passages: []Passage{
			{Start: 0, End: 13, Heading: "One", Vectors: []float32{1, 0, 0, 0, 0, 1, 0, 0}, Clusters: []uint32{0, 1, 1, 0}},
			{Start: 13, End: 20},
		},
	}
	ids, err := s.Add(t.Context(), []Document{d})
	if err != nil {
		t.Fatal(err)
	}
	found, err := s.Get(t.Context(), d.Key)
	if err != nil {
		t.Fatal(err)
	}
	if found.ID != ids[0] || found.Title != d.Title || found.Source != d.Source || found.Text != d.Text ||
		string(found.Metadata) != string(d.Metadata) || found.Hash != d.Hash || !found.Time.Equal(d.Time) {
		t.Errorf("%+v", found)
	}
	if p := found.Passages; len(p) != 2 || p[0].Heading != "One" || p[0].End != 13 || !slices.Equal(p[0].Clusters, d.Passages[0].Clusters) || p[1].Clusters != nil {
		t.Errorf("%+v", found.Passages)
	}
	hashes, err := s.Hashes(t.Context())
	if err != nil || !reflect.DeepEqual(hashes, map[string][32]byte{d.Key: d.Hash}) {
		t.Error(hashes, err)
	}
	hits, err := s.Search(t.Context(), Query{Vectors: []float32{0, 1, 0, 0}, K: 5, Evidence: true})
	if err != nil || len(hits) != 1 {
		t.Fatal(hits, err)
	}
	h := hits[0]
	if h.Text != "Hello wörld." || h.Key != d.Key || h.MaxSim != 1 || !slices.Equal(h.Passage.Vectors, d.Passages[0].Vectors) || h.Passage.Clusters == nil {
		t.Errorf("%+v", h)
	}
	clean(t, s)
}

func TestRefusedDocuments(t *testing.T) {
	s := create(t, testOptions(2, codec.FP16))
	nan := float32(math.NaN())
	for name, d := range map[string]Document{
		"no key":           {},
		"key not UTF-8":    {Key: "\xff"},
		"text not UTF-8":   {Key: "a", Text: "\xff"},
		"metadata array":   {Key: "a", Metadata: []byte(`[]`)},
		"metadata null":    {Key: "a", Metadata: []byte(`null`)},
		"metadata broken":  {Key: "a", Metadata: []byte(`{"a":`)},
		"metadata deep":    {Key: "a", Metadata: deepJSON(200)},
		"range backwards":  {Key: "a", Text: "abc", Passages: []Passage{{Start: 2, End: 1}}},
		"range outside":    {Key: "a", Text: "abc", Passages: []Passage{{Start: 0, End: 4}}},
		"wrong dimension":  {Key: "a", Passages: []Passage{{Vectors: []float32{1}}}},
		"NaN":              {Key: "a", Passages: []Passage{{Vectors: []float32{1, nan}}}},
		"infinite":         {Key: "a", Passages: []Passage{{Vectors: []float32{1, float32(math.Inf(1))}}}},
		"cluster outside":  {Key: "a", Passages: []Passage{{Vectors: []float32{1, 0}, Clusters: []uint32{1}}}},
		"second is broken": {Key: "a", Passages: []Passage{{Vectors: []float32{1, 0}}, {Vectors: []float32{nan, 0}}}},
	} {
		if _, err := s.Put(t.Context(), []Document{{Key: "good"}, d}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if stat, err := s.Stat(t.Context()); err != nil || stat.Documents != 0 {
		t.Error(stat, err)
	}
	if _, err := s.Add(t.Context(), []Document{{Key: "a"}, {Key: "a"}}); !errors.Is(err, ErrExists) {
		t.Error(err)
	}
	if _, err := s.Update(t.Context(), []Document{{Key: "a"}}); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if _, err := s.Get(t.Context(), "a"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

func deepJSON(n int) []byte {
	text := `{"a":`
	for range n {
		text += "["
	}
	for range n {
		text += "]"
	}
	return []byte(text + "}")
}

// TestIds shows that ids neither change nor come back.
func TestIds(t *testing.T) {
	s := create(t, testOptions(4, codec.FP16))
	c := newCollection(2, 4, 50, 3)
	seen := map[int64]bool{}
	kept, err := s.Add(t.Context(), []Document{c.document("kept", 1, 4)})
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		ids, err := s.Put(t.Context(), []Document{c.document("kept", 1, 4), c.document("other", 2, 4)})
		if err != nil {
			t.Fatal(err)
		}
		if ids[0] != kept[0] || seen[ids[1]] {
			t.Fatal(ids)
		}
		seen[ids[1]] = true
		for _, key := range []string{"kept", "other"} {
			d, err := s.Get(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range d.Passages {
				if seen[-p.ID] {
					t.Fatalf("passage id %d came back", p.ID)
				}
				seen[-p.ID] = true
			}
		}
		if _, err := s.Delete(t.Context(), "other"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	o := testOptions(4, codec.FP16)
	path := filepath.Join(t.TempDir(), "index.toller")
	readOnlyOptions := o
	readOnlyOptions.ReadOnly = true
	if _, err := Open(t.Context(), path, readOnlyOptions); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if _, err := Open(t.Context(), path, Options{}); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	open(t, path, o).Close()
	other := o
	other.Model.Name, other.Model.Fingerprint[0] = "another", 9
	_, err := Open(t.Context(), path, other)
	if !errors.Is(err, ErrModel) || !containsAll(err.Error(), `"another"`, `"synthetic"`) {
		t.Error(err)
	}
	s := open(t, path, Options{ReadOnly: true})
	if _, err := s.Add(t.Context(), []Document{{Key: "a"}}); !errors.Is(err, ErrReadOnly) {
		t.Error(err)
	}
	s.Close()
	if _, err := s.Get(t.Context(), "a"); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	for _, m := range []Memory{{Pages: -1}, {Readers: -1}} {
		if _, err := Open(t.Context(), path, Options{Memory: m}); err == nil {
			t.Errorf("%+v was accepted", m)
		}
	}
	if _, err := Open(t.Context(), t.TempDir(), o); err == nil {
		t.Error("a folder was opened")
	}
}
