package serve

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/engine"
	"github.com/toller-search/toller/edge/index"
	"github.com/toller-search/toller/heads"
)

// newIndex keeps texts under the name of their place.
func newIndex(t *testing.T, name string, texts []string) Index {
	t.Helper()
	x, err := index.Open(t.Context(), filepath.Join(t.TempDir(), name+".db"), model(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	var entries []index.Entry
	for i, text := range texts {
		entries = append(entries, index.Entry{Key: name + string(rune('a'+i)), Text: text, Metadata: map[string]any{"place": i}})
	}
	if err := x.Put(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	return Index{Name: name, Index: x}
}

type searchAnswer struct {
	Query   string
	Indexes []string
	Mode    string
	Hits    []hit
	Notes   []string
}

func TestSearch(t *testing.T) {
	texts := abstracts(t, 12)
	all, odd := newIndex(t, "all", texts), newIndex(t, "odd", []string{texts[1], "Calcium slows bone loss, and so does exercise.", texts[3]})
	_, url := start(t, Options{Indexes: []Index{all, odd}})

	t.Run("one", func(t *testing.T) {
		var found searchAnswer
		post(t, url+"/v1/search", `{"query": "obesity in families", "index": "all", "top_k": 3}`).read(t, 200, &found)
		results, err := all.Index.Search(t.Context(), "obesity in families", index.TopK(3), index.PerDocument(true))
		if err != nil {
			t.Fatal(err)
		}
		if len(found.Hits) != len(results) || found.Mode != "hybrid" || len(found.Indexes) != 1 {
			t.Fatalf("found %+v", found)
		}
		for i, h := range found.Hits {
			r := results[i]
			if h.Key != r.Key || h.Score != r.Score || h.MaxSim != r.MaxSim || h.BM25 != r.BM25 || h.Rank != i+1 || h.Index != "all" {
				t.Errorf("place %d: found %+v, want %+v", i, h, r)
			}
			if s := h.Snippet; s == nil || texts[h.Key[3]-'a'][s.Start:s.End] != s.Text {
				t.Errorf("place %d: snippet %+v", i, h.Snippet)
			} else {
				for _, mark := range s.Highlights {
					if mark.Start < 0 || mark.End > len(s.Text) || mark.Start >= mark.End {
						t.Errorf("place %d: highlight %+v", i, mark)
					}
				}
			}
		}
	})
	t.Run("several", func(t *testing.T) {
		for mode, name := range map[string]string{"hybrid": "", "exact": "maxsim", "lexical": "bm25"} {
			var found searchAnswer
			post(t, url+"/v1/search", `{"query": "what slows bone loss", "top_k": 5, "mode": "`+mode+`"}`).read(t, 200, &found)
			if len(found.Indexes) != 2 || len(found.Hits) == 0 || len(found.Hits) > 5 || found.Hits[0].Key != "oddb" {
				t.Fatalf("%s: found %+v", mode, found)
			}
			for i, h := range found.Hits {
				if i > 0 && h.Score > found.Hits[i-1].Score || h.Rank != i+1 {
					t.Errorf("%s: place %d is out of order", mode, i)
				}
				if name == "maxsim" && h.Score != h.MaxSim || name == "bm25" && h.Score != h.BM25 {
					t.Errorf("%s: found %+v", mode, h)
				}
			}
		}
	})
	t.Run("slip in a filter", func(t *testing.T) {
		var found, right searchAnswer
		post(t, url+"/v1/search", `{"query": "families", "filter": "plaice = 4"}`).read(t, 200, &found)
		if len(found.Hits) != 0 || len(found.Notes) != 2 || found.Notes[0] != "filter: no document of all has the field plaice" {
			t.Errorf("found %+v", found)
		}
		post(t, url+"/v1/search", `{"query": "families", "filter": "place = 400"}`).read(t, 200, &right)
		if len(right.Hits) != 0 || right.Notes != nil {
			t.Errorf("found %+v", right)
		}
	})
	t.Run("few of several", func(t *testing.T) {
		var most searchAnswer
		post(t, url+"/v1/search", `{"query": "what slows bone loss in families", "top_k": 10}`).read(t, 200, &most)
		for n := range 10 {
			var found searchAnswer
			post(t, url+"/v1/search", fmt.Sprintf(`{"query": "what slows bone loss in families", "top_k": %d}`, n+1)).read(t, 200, &found)
			for i, h := range found.Hits {
				if h.Key != most.Hits[i].Key || h.Score != most.Hits[i].Score {
					t.Fatalf("the best %d are %+v, of 10 they are %+v", n+1, found.Hits, most.Hits[:n+1])
				}
			}
		}
	})
	t.Run("filter", func(t *testing.T) {
		var found searchAnswer
		post(t, url+"/v1/search", `{"query": "families", "index": "all", "filter": "place = 4", "explain": true, "snippets": false}`).read(t, 200, &found)
		if len(found.Hits) != 1 || found.Hits[0].Key != "alle" || found.Hits[0].Snippet != nil || found.Hits[0].Text == "" || len(found.Hits[0].Matches) == 0 {
			t.Errorf("found %+v", found)
		}
	})
	for name, test := range map[string]struct {
		body   string
		status int
		says   string
	}{
		"unknown index": {`{"query": "q", "index": "some"}`, 404, `index: expected one of all, odd, found \"some\"`},
		"filter":        {`{"query": "q", "filter": "place >"}`, 400, "filter: column"},
		"mode":          {`{"query": "q", "mode": "best"}`, 400, "mode: expected"},
		"fusion":        {`{"query": "q", "mode": "exact", "fusion": "rrf"}`, 400, "fusion: expected it with the mode hybrid"},
		"several ranks": {`{"query": "q", "fusion": "rrf"}`, 400, "several indexes"},
		"no hits":       {`{"query": "q", "top_k": 0}`, 400, "from 1 to 1000"},
		"no query":      {`{}`, 400, "query: expected"},
		"slip":          {`{"query": "q", "filters": "place = 4"}`, 400, "filters: expected one of the fields query, index,"},
		"long query":    {`{"query": "` + strings.Repeat("bone ", 64<<10/5+1) + `"}`, 413, "query: expected at most 65536 bytes, found 65540"},
		"long pattern":  {`{"query": "q", "filter": "key ~ '` + strings.Repeat("a", 60_000) + `'"}`, 400, "filter: column 5: the pattern has 60000 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			if a := post(t, url+"/v1/search", test.body); a.status != test.status || !strings.Contains(string(a.body), test.says) {
				t.Errorf("status %d, want %d and %q: %s", a.status, test.status, test.says, a.body)
			}
		})
	}
}

// collection is an engine that scores all of its points.
type collection struct {
	engine.Engine // for what a search doesn't call
	points        []engine.Point
}

func (c *collection) Search(_ context.Context, q *engine.Query) ([]engine.Hit, error) {
	if q.Filter.Tree() != nil {
		return nil, fmt.Errorf("collection: %w", engine.ErrFilter)
	}
	var hits []engine.Hit
	for _, p := range c.points {
		hits = append(hits, engine.Hit{Payload: p.Payload, Score: float64(heads.MaxSim(q.Vectors, p.Vectors, q.Dim)), Vectors: p.Vectors})
	}
	return engine.Ranked(hits, q.K), nil
}

func TestSearchEngine(t *testing.T) {
	texts := abstracts(t, 12)
	all, odd := newIndex(t, "all", texts), newIndex(t, "odd", []string{texts[1], "Calcium slows bone loss, and so does exercise."})
	far := &collection{}
	if _, err := engine.Points(t.Context(), all.Index, func(p *engine.Point, _ engine.Report) error {
		far.points = append(far.points, *p)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	_, url := start(t, Options{Indexes: []Index{{Name: "far", Engine: far}, odd}})

	for _, mode := range []string{"auto", "exact"} {
		var found searchAnswer
		post(t, url+"/v1/search", `{"query": "obesity in families", "index": "far", "top_k": 3, "explain": true, "mode": "`+mode+`"}`).read(t, 200, &found)
		want, err := all.Index.Search(t.Context(), "obesity in families", index.TopK(3), index.PerDocument(true), index.In(index.Exact))
		if err != nil {
			t.Fatal(err)
		}
		if len(found.Hits) != 3 || found.Mode != mode {
			t.Fatalf("%s: found %+v", mode, found)
		}
		for i, h := range found.Hits {
			if h.Key != want[i].Key || math.Abs(h.Score-want[i].Score) > 1e-4 || h.Index != "far" || h.Snippet == nil || len(h.Matches) == 0 {
				t.Errorf("%s: place %d: found %+v, want %+v", mode, i, h, want[i])
			}
		}
	}
	var both searchAnswer
	post(t, url+"/v1/search", `{"query": "what slows bone loss", "top_k": 4, "mode": "exact"}`).read(t, 200, &both)
	if len(both.Hits) != 4 || both.Hits[0].Key != "oddb" || both.Hits[1].Score < both.Hits[2].Score {
		t.Errorf("both: found %+v", both)
	}
	for body, says := range map[string]string{
		`{"query": "q"}`: "mode: expected exact for indexes and collections of engines together",
		`{"query": "q", "index": "far", "mode": "lexical"}`:      "mode: expected auto or exact for far",
		`{"query": "q", "index": "far", "fusion": "rrf"}`:        "fusion: expected none for far",
		`{"query": "q", "index": "far", "filter": "key ~ 'a*'"}`: "filter: collection: this filter can't be asked",
	} {
		if a := post(t, url+"/v1/search", body); a.status != 400 || !strings.Contains(string(a.body), says) {
			t.Errorf("%s: status %d, want 400 and %q: %s", body, a.status, says, a.body)
		}
	}
}
