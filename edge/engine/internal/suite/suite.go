// Package suite is what every engine must do, as tests that run against stand-ins and
// against real engines.
package suite

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/engine"
	"github.com/toller-search/toller/edge/index"
	"github.com/toller-search/toller/edge/internal/tiny"
	"github.com/toller-search/toller/store/filter"
)

// Entries is a collection of documents with metadata of all kinds.
func Entries() []index.Entry {
	at := func(text string) time.Time {
		moment, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			panic(err)
		}
		return moment
	}
	list := []index.Entry{
		{Key: "a", Title: "Bread", Source: "food/bread.md", Text: "Flour, water and salt make a loaf of bread.", Time: at("2024-05-01T12:00:00Z"),
			Metadata: map[string]any{"author": "Ada", "year": 1840, "tags": []any{"flour", "oven", 7, true}, "draft": false, "n": map[string]any{"x": map[string]any{"y": "deep"}}}},
		{Key: "b", Title: "Soup", Source: "food/soup.txt", Text: "The soup is hot, the bread is old.", Time: at("2024-05-02T00:00:00Z"),
			Metadata: map[string]any{"author": "Bea", "year": 1999.5, "tags": "oven", "draft": true, "odd name": 1, "none": []any{}}},
		{Key: "c", Title: "Äpfel", Source: "garden/äpfel.md", Text: "Apples grow on trees.", Time: at("2023-12-31T23:59:59.999Z"),
			Metadata: map[string]any{"author": nil, "year": "1840", "a&b": "x&y", "title": "inner", "tags": map[string]any{"oven": "oven"}, "long": strings.Repeat("long ", 200)}},
		{Key: "d", Text: "A text without anything."},
		{Key: `it's "d"`, Title: "100%", Source: `C:\notes\x`, Text: "A path with backslashes * and ?.", Time: at("1969-12-31T23:59:59Z"),
			Metadata: map[string]any{"a": map[string]any{"b.c": 1}, "": "empty", "1": map[string]any{"2": -3.25}, "zero": 0}},
	}
	var pages strings.Builder
	for page := range 6 {
		fmt.Fprintf(&pages, "Page %d has %s.\f", page+1, strings.Repeat("a few words ", page%3*5))
	}
	list = append(list, index.Entry{Key: "paged", Text: pages.String(), Plain: true, Metadata: map[string]any{"page": "x"}}, index.Entry{Key: "page", Text: "A page.", Metadata: map[string]any{"page": 3, "pages": 9}})
	for i := range 30 {
		list = append(list, index.Entry{
			Key: fmt.Sprintf("n%02d", i), Source: "numbers", Text: strings.Repeat(fmt.Sprintf("The cat number %d sat on mat %d. ", i, i*i), 1+i/2),
			Metadata: map[string]any{"number": i, "even": i%2 == 0},
		})
	}
	return list
}

// Filters are expressions over [Entries].
var Filters = []string{
	``, `key = "a"`, `key != "a"`, `key in ("a", "c", "nobody")`, `not key in ("a")`, `title = "Soup"`, `title = ""`, `has title`, `not has source`,
	`source = "C:\notes\x"`, `source ~ "*.md"`, `source ~ "C:\*"`, `source ~ "food/?oup.txt"`, `source ~ "[fg]*"`, `title < "C"`, `title >= "Soup"`,
	`time = 2024-05-01`, `time >= 2024-05-01`, `time > 2024-05-01`, `time < 2024-01-01`, `time <= 2024-05-01T12:00:00Z`, `time != 2024-05-01`, `has time`, `page = 3`, `page in (1, 5)`, `page > 4`, `page >= 3 and page < 5`, `not page <= 2`, `has page`, `page = "x"`, "`page` = 3", `page has 3`, `not has time`,
	`author = "Ada"`, `author != "Ada"`, `has author`, `year = 1840`, `year = "1840"`, `year > 1840`, `year >= 1840 and year < 2000`, `year > ""`, `author ~ "?da"`,
	`tags has "oven"`, `not tags has "oven"`, `tags has 7`, `tags has true`, `tags has 1`, `tags = "oven"`, `has tags`, `has none`, `draft = true`, `draft = false`,
	"`odd name` = 1", "`title` = 'inner'", "a.`b.c` = 1", "`` = 'empty'", "`1`.2 < 0", "`1`.2 = -3.25", "`a&b` = 'x&y'", `n.x.y = "deep"`, `has n.x`, `zero = 0`, `zero >= 0`,
	`long = "` + strings.Repeat("long ", 200) + `"`, `long = "` + strings.Repeat("long ", 199) + `"`, `number in (1, 2, 3)`,
	`number > 10 and number <= 20 and not (even = true or number = 11)`, `(author = "Ada" or author = "Bea") and draft = true`, `key = "a" or number > 25`,
}

// Index makes an index of entries with the tiny model, every passage short.
func Index(t *testing.T, m *edge.Model, entries []index.Entry) *index.Index {
	t.Helper()
	x, err := index.Open(t.Context(), filepath.Join(t.TempDir(), "index.db"), m, index.WithCodec("fp32"), index.WithPassages(48, 4))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	if err := x.Add(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	return x
}

// Model opens the tiny model until the test ends.
func Model(t *testing.T) *edge.Model {
	t.Helper()
	m, err := edge.Open(tiny.New(t).Dir(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// Points is what an index has, by id.
func Points(t *testing.T, x *index.Index) map[engine.ID]engine.Stamp {
	t.Helper()
	want := map[engine.ID]engine.Stamp{}
	_, err := engine.Points(t.Context(), x, func(p *engine.Point, _ engine.Report) error {
		want[p.ID] = p.Payload.Stamp
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return want
}

// Same fails unless an engine has exactly the points of an index.
func Same(t *testing.T, e engine.Engine, x *index.Index) {
	t.Helper()
	want := Points(t, x)
	found := map[engine.ID]bool{}
	err := e.IDs(t.Context(), func(ids []engine.ID) bool {
		for _, id := range ids {
			if found[id] {
				t.Errorf("%s comes twice", id)
			}
			found[id] = true
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	var ids []engine.ID
	for id := range want {
		ids = append(ids, id)
	}
	stamps := map[engine.ID]engine.Stamp{}
	for part := range slices.Chunk(ids, 500) {
		some, err := e.Stamps(t.Context(), part)
		if err != nil {
			t.Fatal(err)
		}
		for id, s := range some {
			stamps[id] = s
		}
	}
	wrong := 0
	for id, s := range want {
		if !found[id] || stamps[id] != s {
			wrong++
		}
	}
	if wrong > 0 || len(found) != len(want) {
		t.Fatalf("of %d points %d are missing or others; the engine has %d", len(want), wrong, len(found))
	}
}

func push(t *testing.T, e engine.Engine, x *index.Index) engine.Report {
	t.Helper()
	r, err := engine.Push(t.Context(), e, x, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Run tests an engine. collection gives the one with a name, which isn't there yet;
// refuses says of which filters the engine must refuse.
func Run(t *testing.T, collection func(t *testing.T, name string) engine.Engine, refuses func(filter string) bool) {
	m := Model(t)
	whole := Index(t, m, Entries()) // which no test changes
	t.Run("Push", func(t *testing.T) {
		e, x := collection(t, "push"), Index(t, m, Entries())
		all := len(Points(t, x))
		if r := push(t, e, x); r.Sent != all || r.Passages != all || r.Documents != len(Entries()) || r.Unchanged+r.Deleted+r.Empty != 0 {
			t.Errorf("the first push: %+v", r)
		}
		Same(t, e, x)
		if r := push(t, e, x); r.Sent+r.Deleted != 0 || r.Unchanged != all {
			t.Errorf("a second one: %+v", r)
		}
		if _, err := x.Delete(t.Context(), "b", "n29"); err != nil {
			t.Fatal(err)
		}
		changed := []index.Entry{{Key: "a", Title: "Bread", Text: "Another text."}, {Key: "n28", Text: "One passage is left."}, {Key: "new", Text: "New."}}
		if err := x.Put(t.Context(), changed); err != nil {
			t.Fatal(err)
		}
		if r := push(t, e, x); r.Sent != 3 || r.Deleted != all-len(Points(t, x))+1 {
			t.Errorf("after changes: %+v", r)
		}
		Same(t, e, x)
		empty := Index(t, m, nil)
		if r := push(t, e, empty); r.Deleted != len(Points(t, x)) {
			t.Errorf("of an empty index: %+v", r)
		}
		Same(t, e, empty)
	})
	t.Run("CutOff", func(t *testing.T) {
		e, x := collection(t, "cutoff"), whole
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := engine.Push(ctx, e, x, func(engine.Report) { cancel() }); !errors.Is(err, context.Canceled) {
			t.Fatalf("expected the context's error, found %v", err)
		}
		r := push(t, e, x)
		if r.Unchanged == 0 || r.Unchanged+r.Sent != len(Points(t, x)) {
			t.Errorf("after being cut off: %+v", r)
		}
		Same(t, e, x)
	})
	t.Run("Filters", func(t *testing.T) {
		entries := Entries()
		for i := range entries {
			if e := &entries[i]; e.Source == "numbers" {
				e.Text, _, _ = strings.Cut(e.Text, ".") // one passage is enough
			}
		}
		e, x := collection(t, "filters"), Index(t, m, entries)
		push(t, e, x)
		for _, expr := range Filters {
			results, err := x.Search(t.Context(), "bread", index.In(index.Exact), index.TopK(5000), index.PerDocument(false), index.Where(expr), index.WithoutSnippets())
			if err != nil {
				t.Fatal(err)
			}
			want := places(results)
			if expr == `page = 3` && len(want) < 2 {
				t.Errorf("%s: expected a passage on that page and metadata, found %v", expr, want)
			}
			hits, err := engine.Search(t.Context(), e, m, "bread", engine.Options{TopK: 5000, Filter: expr, Exact: true, Passages: true, Bare: true})
			if refuses(expr) {
				if !errors.Is(err, engine.ErrFilter) {
					t.Errorf("%s: expected it to be refused, found %v", expr, err)
				}
				continue
			}
			if err != nil {
				t.Fatalf("%s: %v", expr, err)
			}
			found := places(hits)
			for key := range want {
				if !found[key] {
					t.Errorf("%.80s: %q is missing", expr, key)
				}
				delete(found, key)
			}
			for key := range found {
				t.Errorf("%.80s: %q is found", expr, key)
			}
		}
	})
	t.Run("Search", func(t *testing.T) {
		e, x := collection(t, "search"), whole
		push(t, e, x)
		for _, query := range []string{"bread", "a cat on a mat", "number 17", "hot soup and old apples"} {
			for _, passages := range []bool{true, false} {
				want, err := x.Search(t.Context(), query, index.In(index.Exact), index.PerDocument(!passages), index.WithEvidence())
				if err != nil {
					t.Fatal(err)
				}
				found, err := engine.Search(t.Context(), e, m, query, engine.Options{Exact: true, Passages: passages, Evidence: true})
				if err != nil {
					t.Fatal(err)
				}
				compare(t, query, want, found)
			}
		}
		found, err := engine.Search(t.Context(), e, m, "bread and soup", engine.Options{TopK: 3})
		if err != nil || len(found) == 0 {
			t.Errorf("not exact: %d results, %v", len(found), err)
		}
	})
	t.Run("Refuses", func(t *testing.T) {
		e := collection(t, "refuses")
		q, err := m.EncodeQuery(t.Context(), "bread")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := engine.Search(t.Context(), e, m, "bread", engine.Options{Exact: true}); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("a collection that isn't there: %v", err)
		}
		if err := e.Create(t.Context(), m.Info().Dim); err != nil {
			t.Fatal(err)
		}
		if err := e.Create(t.Context(), m.Info().Dim); err != nil {
			t.Errorf("created again: %v", err)
		}
		if err := e.Create(t.Context(), m.Info().Dim+1); !errors.Is(err, engine.ErrSpace) {
			t.Errorf("with another number of components: %v", err)
		}
		for _, bad := range []engine.Query{{Text: "x", Dim: m.Info().Dim, K: 1}, {Text: "x", Vectors: q.Vectors(), Dim: m.Info().Dim}} {
			if _, err := e.Search(t.Context(), &bad); err == nil {
				t.Errorf("%+v is searched for", bad)
			}
		}
		foreign := engine.Point{ID: engine.PointID("x", 0), Vectors: make([]float32, m.Info().Dim), Dim: m.Info().Dim}
		foreign.Payload.Key, foreign.Payload.Text, foreign.Vectors[0] = "x", "bread", 1
		if err := e.Put(t.Context(), []engine.Point{foreign}); err != nil {
			t.Fatal(err)
		}
		if err := e.Finish(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := engine.Push(t.Context(), e, whole, nil); !errors.Is(err, engine.ErrSpace) {
			t.Errorf("pushed to vectors of another model: %v", err)
		}
		if _, err := engine.Search(t.Context(), e, m, "bread", engine.Options{Exact: true}); !errors.Is(err, engine.ErrSpace) {
			t.Errorf("searched vectors of another model: %v", err)
		}
		if _, err := engine.Search(t.Context(), e, m, " ", engine.Options{}); err == nil {
			t.Error("nothing is searched for")
		}
		if _, err := filter.Parse("a = "); err == nil {
			t.Error("half a filter")
		} else if _, err := engine.Search(t.Context(), e, m, "x", engine.Options{Filter: "a = "}); err == nil {
			t.Error("half a filter is searched with")
		}
		if err := e.Delete(t.Context(), []engine.ID{engine.PointID("x", 0), engine.PointID("nobody", 0)}); err != nil {
			t.Errorf("deleting one of two that are there: %v", err)
		}
	})
}

// places are the documents and passages of results.
func places(results []index.Result) map[string]bool {
	list := map[string]bool{}
	for _, r := range results {
		list[fmt.Sprintf("%s from %d", r.Key, r.Start)] = true
	}
	return list
}

// compare compares what an engine found with what toller found. Equal scores, which
// copies of a passage have, may come in any order.
func compare(t *testing.T, query string, want, found []index.Result) {
	t.Helper()
	if len(found) != len(want) {
		t.Errorf("%s: %d results, expected %d", query, len(found), len(want))
		return
	}
	for i, w := range want {
		f := found[i]
		if math.Abs(f.Score-w.Score) > 1e-4 {
			t.Errorf("%s: result %d: score %v of %q, expected %v of %q", query, i, f.Score, f.Key, w.Score, w.Key)
			return
		}
		if f.Key != w.Key || f.Start != w.Start {
			continue
		}
		w.Score, w.MaxSim, w.BM25 = f.Score, f.MaxSim, 0
		if f.Text != w.Text || f.Title != w.Title || f.Snippet.Span != w.Snippet.Span || len(f.Snippet.Highlights) != len(w.Snippet.Highlights) || len(f.Evidence.Matches) != len(w.Evidence.Matches) {
			t.Errorf("%s: result %d is shown as %+v, expected %+v", query, i, f, w)
		}
	}
}
