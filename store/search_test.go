package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/store/codec"
)

// trained is a store of n documents whose index has segments and a tail.
func trained(t testing.TB, kind codec.Kind, n int) (*Store, *collection) {
	t.Helper()
	before := maxSegment
	maxSegment = 512
	t.Cleanup(func() { maxSegment = before })
	o := testOptions(24, kind)
	o.TrainTokens = 10000
	s := create(t, o)
	c := newCollection(3, 24, 800, 60)
	for first := 0; first < n; first += 500 {
		var documents []Document
		for i := first; i < min(n, first+500); i++ {
			documents = append(documents, c.document(fmt.Sprint(i), 2, 12))
		}
		if _, err := s.Add(t.Context(), documents); err != nil {
			t.Fatal(err)
		}
	}
	return s, c
}

// TestPruned compares pruned search with exact search.
func TestPruned(t *testing.T) {
	s, c := trained(t, codec.Residual4, 1800)
	stat, err := s.Stat(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if stat.Segments < 2 || stat.Tail == 0 || stat.Training {
		t.Errorf("%+v", stat)
	}
	const queries = 30
	var qs [][]float32
	var exact [][]Hit
	for range queries {
		_, q := c.query(16)
		hits, err := s.Search(t.Context(), Query{Vectors: q, K: 10, Mode: Exact})
		if err != nil {
			t.Fatal(err)
		}
		qs, exact = append(qs, q), append(exact, hits)
	}
	for _, bar := range []struct{ recall, least float64 }{{0.8, 0.8}, {0, 0.9}, {0.9999, 0.97}} {
		common := 0
		for i, q := range qs {
			pruned, err := s.Search(t.Context(), Query{Vectors: q, K: 10, Recall: bar.recall})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range exact[i] {
				for _, p := range pruned {
					if e.Passage.ID == p.Passage.ID {
						common++
						if e.Score != p.Score {
							t.Errorf("passage %d: %v pruned, %v exact", p.Passage.ID, p.Score, e.Score)
						}
					}
				}
			}
		}
		if recall := float64(common) / (10 * queries); recall < bar.least {
			t.Errorf("asked for %v: recall %.3f", bar.recall, recall)
		} else {
			t.Logf("asked for %v: recall %.3f", bar.recall, recall)
		}
	}
	clean(t, s)
}

// TestSegmentsShrink deletes most documents: segments are rewritten and
// joined, and everything that is left is found.
func TestSegmentsShrink(t *testing.T) {
	s, c := trained(t, codec.Residual2, 1800)
	before, err := s.Stat(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for first := 0; first < 1700; first += 300 {
		var keys []string
		for i := first; i < min(1700, first+300); i++ {
			keys = append(keys, fmt.Sprint(i))
		}
		if n, err := s.Delete(t.Context(), keys...); n != len(keys) || err != nil {
			t.Fatal(n, err)
		}
	}
	after, err := s.Stat(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if after.Segments >= before.Segments || after.Passages != 200 {
		t.Errorf("%d segments before, %d after; %d passages", before.Segments, after.Segments, after.Passages)
	}
	clean(t, s)
	_, q := c.query(8)
	hits, err := s.Search(t.Context(), Query{Vectors: q, K: 300, Mode: Pruned})
	if err != nil || len(hits) != 200 {
		t.Error(len(hits), err)
	}
	if err := s.Compact(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	compacted, err := s.Stat(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if compacted.Dead != 0 || compacted.FileBytes > before.FileBytes/5 {
		t.Errorf("%+v", compacted)
	}
	clean(t, s)
}

func TestFilterAndModes(t *testing.T) {
	s, c := trained(t, codec.Residual4, 1500)
	text, q := c.query(12)
	for _, mode := range []Mode{Auto, Exact, Pruned, Lexical, Hybrid} {
		for _, fusion := range []Fusion{ByMaxSim, Weighted, RRF} {
			for _, filter := range []string{"", `subject < 20`, `key in ("3", "17", "44")`, `title = "title 7"`, `tags has "a1"`} {
				for _, perDocument := range []bool{false, true} {
					name := fmt.Sprint(mode, fusion, filter, perDocument)
					hits, err := s.Search(t.Context(), Query{Vectors: q, Text: text, K: 20, Mode: mode, Fusion: fusion, Filter: filter, PerDocument: perDocument})
					if err != nil {
						t.Fatal(name, err)
					}
					if len(hits) == 0 && mode != Lexical || filter == "" && len(hits) != 20 {
						t.Errorf("%s: %d hits", name, len(hits))
					}
					seen := map[int64]bool{}
					for i, h := range hits {
						if i > 0 && h.Score > hits[i-1].Score {
							t.Errorf("%s: hit %d is better than the one before", name, i)
						}
						if perDocument && seen[h.Document] || seen[-h.Passage.ID] {
							t.Errorf("%s: document %d twice", name, h.Document)
						}
						seen[h.Document], seen[-h.Passage.ID] = true, true
						if filter != "" && strings.HasPrefix(filter, "key") && !slices.Contains([]string{"3", "17", "44"}, h.Key) {
							t.Errorf("%s: found %q", name, h.Key)
						}
						if h.Text == "" {
							t.Errorf("%s: no text", name)
						}
					}
				}
			}
		}
	}
}

// TestFilterOnExact compares filtered search with the definition.
func TestFilterOnExact(t *testing.T) {
	s, c := trained(t, codec.FP32, 800)
	for _, filter := range []string{`subject >= 30`, `not (tags has "a0") and subject < 50`} {
		all := decoded(t, s, filter)
		if len(all) == 0 || len(all) > 1500 {
			t.Fatalf("%s: %d passages", filter, len(all))
		}
		_, q := c.query(8)
		hits, err := s.Search(t.Context(), Query{Vectors: q, K: 10, Mode: Exact, Filter: filter})
		if err != nil {
			t.Fatal(err)
		}
		compareHits(t, hits, all, q, 24)
	}
}

func TestRefusedQueries(t *testing.T) {
	s, _ := trained(t, codec.FP16, 20)
	good := make([]float32, 24)
	for name, q := range map[string]Query{
		"nothing":         {K: 1},
		"no hits":         {Vectors: good},
		"too many hits":   {Vectors: good, K: 1 << 30},
		"dimension":       {Vectors: good[:23], K: 1},
		"no words":        {Vectors: good, K: 1, Mode: Hybrid},
		"no vectors":      {Text: "a", K: 1, Mode: Exact},
		"mode":            {Vectors: good, K: 1, Mode: 99},
		"fusion":          {Vectors: good, K: 1, Fusion: 99},
		"recall":          {Vectors: good, K: 1, Recall: 2},
		"share":           {Vectors: good, K: 1, Lexical: -1},
		"filter":          {Vectors: good, K: 1, Filter: "title ="},
		"filter injected": {Vectors: good, K: 1, Filter: `1); DROP TABLE documents; --`},
	} {
		if _, err := s.Search(t.Context(), q); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, filter := range []string{`title = "'; DROP TABLE documents; --"`, "`a') OR 1=1 --` = 1", `key = "x\" OR 1"`} {
		hits, err := s.Search(t.Context(), Query{Vectors: good, K: 5, Filter: filter})
		if len(hits) > 0 {
			t.Errorf("%s: %d hits, %v", filter, len(hits), err)
		}
	}
	clean(t, s)
}

func TestMatch(t *testing.T) {
	for query, want := range map[string]string{
		"":                            ``,
		"  ,;  ":                      ``,
		"The quick fox":               `"quick" OR "fox"`,
		"to be or not to be":          `"to" OR "be" OR "or" OR "not"`,
		`NEAR("a" OR b*) ^c -d AND`:   `"NEAR" OR "b" OR "c" OR "d"`,
		"straße C++ x2 straße":        `"strasse" OR "C" OR "x2"`,
		"港口起重机":                       `"港口" OR "口起" OR "起重" OR "重机"`,
		"猫の写真":                        `"猫の" OR "の写" OR "写真"`,
		"猫 cat":                       `"猫"* OR "cat"`,
		"クレーン":                        `"クレ_レー_ーン"`,
		"ターミナルの音":                     `"ター_ーミ_ミナ_ナル" OR "の音"`,
		"ターミナル駅ビル計画":                  `"ター_ーミ_ミナ_ナル" OR "駅"* OR "ビル" OR "計画"`,
		"コンテナターミナル":                   `"コン_ンテ" OR "ンテ_テナ" OR "テナ_ナタ" OR "ナタ_ター" OR "ター_ーミ" OR "ーミ_ミナ" OR "ミナ_ナル"`,
		"เครน":                        `"เค_คร_รน"`,
		"iPhone手机":                    `"iPhone" OR "手机"`,
		"light\u200bhouse so\u00adft": `"lighthouse" OR "light" OR "house" OR "soft"`,
		"title:secret {heading}: \"x": `"title" OR "secret" OR "heading" OR "x"`,
	} {
		if got := match(terms(query)); got != want {
			t.Errorf("%q: %s, expected %s", query, got, want)
		}
	}
	query := strings.Repeat("w", 10) + " " + fmt.Sprint(make([]int, 3))
	if n, plain := len(terms(query)), len(plainTerms(query)); n != 2 || plain != 2 {
		t.Error(n, plain)
	}
}
