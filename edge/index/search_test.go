package index

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/internal/tiny"
	"github.com/toller-search/toller/heads"
	"github.com/toller-search/toller/testdata"
)

// TestIndexSearchIsRank compares an exact search with ranking the same texts
// without an index.
func TestIndexSearchIsRank(t *testing.T) {
	ctx := context.Background()
	m := open(t, tiny.New(t))
	x := openIndex(t, m, WithCodec("fp32"), WithWholeDocuments())
	var texts []string
	var entries []Entry
	for i := range 40 {
		texts = append(texts, strings.Repeat("the cat sat on bread ", i%7)+fmt.Sprint("dog ", i*i))
		entries = append(entries, Entry{Key: fmt.Sprint(i), Text: texts[i]})
	}
	if err := x.Add(ctx, entries); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{"the dog 25", "bread", "on 9 cats"} {
		want, err := m.Rank(ctx, query, texts, edge.TopK(10), edge.MaxTokens(maxPassage))
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range search(t, x, query, In(Exact)) {
			if r.Key != fmt.Sprint(want[i].Index) || math.Abs(r.Score-float64(want[i].Score)) > 1e-5 || r.Score != r.MaxSim {
				t.Errorf("%s: rank %d: expected %d with %v, found %s with %v", query, i, want[i].Index, want[i].Score, r.Key, r.Score)
			}
		}
	}
}

func TestIndexSearchOptions(t *testing.T) {
	ctx := context.Background()
	x := openIndex(t, open(t, tiny.New(t)))
	if err := x.Add(ctx, animals); err != nil {
		t.Fatal(err)
	}
	long := Entry{Key: "long", Text: strings.Repeat("the cat sat on the mat. ", 60)}
	if err := x.Add(ctx, []Entry{long}); err != nil {
		t.Fatal(err)
	}
	const query = "the dog sat"
	for _, test := range []struct {
		name string
		opts []SearchOption
		want string // sorted
	}{
		{"limit", []SearchOption{TopK(1), PerDocument(true), Where("key = 'dog'")}, "dog"},
		{"membership", []SearchOption{Where("tags has 'pet'")}, "cat dog"},
		{"number", []SearchOption{Where("legs < 3")}, "heron"},
		{"time", []SearchOption{Where("time >= 2024-01-01")}, "dog"},
		{"glob", []SearchOption{Where("source ~ '*.txt'")}, "cat dog"},
		{"nobody", []SearchOption{Where("legs > 100")}, ""},
		{"lexical", []SearchOption{In(Lexical), Where("not key = 'long'")}, "cat dog title only"},
		{"hybrid", []SearchOption{In(Hybrid), Fuse(RRF), Where("tags has 'pet'")}, "cat dog"},
		{"weighted", []SearchOption{In(Hybrid), Fuse(Weighted), Where("tags has 'pet'")}, "cat dog"},
		{"pruned", []SearchOption{In(Pruned), Recall(0.9), PerDocument(true)}, "cat dog heron long title only"},
	} {
		t.Run(test.name, func(t *testing.T) {
			results := search(t, x, query, test.opts...)
			var keys []string
			for i, r := range results {
				keys = append(keys, r.Key)
				if i > 0 && r.Score > results[i-1].Score {
					t.Errorf("expected descending scores, found %v after %v", r.Score, results[i-1].Score)
				}
			}
			slices.Sort(keys)
			if got := strings.Join(keys, " "); got != test.want {
				t.Errorf("expected %q, found %q", test.want, got)
			}
		})
	}
	for name, opts := range map[string][]SearchOption{
		"filter": {Where("legs >")}, "limit": {TopK(0)}, "recall": {Recall(2)}, "mode": {In(77)}, "fusion": {In(Hybrid), Fuse(77)},
	} {
		if _, err := x.Search(ctx, query, opts...); err == nil {
			t.Errorf("%s: expected an error, found none", name)
		}
	}
	if _, err := x.Search(ctx, " \n"); err == nil {
		t.Error("expected an error for a blank query, found none")
	}
	ended, end := context.WithCancel(ctx)
	end()
	if _, err := x.Search(ended, query); !errors.Is(err, context.Canceled) {
		t.Errorf("expected context.Canceled, found %v", err)
	}
}

// TestIndexEvidence compares the evidence that an index makes of stored vectors
// with that of the same text freshly encoded: same tokens, same similarities,
// and spans that cover the same characters of the title and of the text.
func TestIndexEvidence(t *testing.T) {
	ctx := context.Background()
	const decomposed = "Cafe\u0301 BREAD, e\u0301 of the DOG. Stra\u00dfe \u0130stanbul na\u00efve \u6771\u4eac."
	long := strings.Repeat("The cat sat on the mat. A dog of bread! ", 12) + decomposed + strings.Repeat(" The dog sat.", 30)
	entries := []Entry{
		{Key: "plain", Text: "the cat sat on the mat, of bread"},
		{Key: "titled", Title: "The Bread of the Dog", Text: "A cat sat on it."},
		{Key: "indented", Title: " \t The Bread ", Text: "A cat sat on it."},
		{Key: "title repeated", Title: "The cat", Text: "The cat sat on the mat."},
		{Key: "heading repeated", Title: "The cat", Text: "# The cat\n\nIt sat on the mat."},
		{Key: "part of a word", Title: "The c", Text: "The cat sat."},
		{Key: "title only", Title: "the dog on bread"},
		{Key: "composition", Title: "E\u0301 " + decomposed, Text: decomposed},
		{Key: "long", Title: "The dog sat", Text: long},
		{Key: "broken", Text: "the cat \xff\xfe dog"},
		{Key: "long title", Title: strings.Repeat("the cat \u6771 ", 200), Text: "bread of the dog"},
	}
	for _, pool := range []int{0, 2, 4} {
		for _, prompt := range []string{"", "dog of "} {
			t.Run(fmt.Sprintf("pool %d prompt %q", pool, prompt), func(t *testing.T) {
				m := open(t, tiny.New(t), edge.WithDocumentPrompt(prompt))
				x := openIndex(t, m, WithCodec("fp32"), WithPooling(pool), WithPassages(80, 8))
				if err := x.Add(ctx, entries); err != nil {
					t.Fatal(err)
				}
				results := search(t, x, "the bread of a DOG", TopK(100), WithEvidence())
				middle := false
				for _, r := range results {
					checkIndexEvidence(t, m, x, &r, pool)
					middle = middle || r.Start > 0 && r.Key == "long"
				}
				if len(results) <= len(entries) || !middle {
					t.Errorf("expected passages in the middle of a text, found %d results", len(results))
				}
			})
		}
	}
}

// checkIndexEvidence compares one result with what the model makes of it now.
func checkIndexEvidence(t *testing.T, m *edge.Model, x *Index, r *Result, pool int) {
	t.Helper()
	entry, err := x.Get(context.Background(), r.Key)
	if err != nil {
		t.Fatal(err)
	}
	if r.Text != entry.Text[r.Start:r.End] {
		t.Fatalf("%s: expected the text %q, found %q", r.Key, entry.Text[r.Start:r.End], r.Text)
	}
	encoded, text := r.Text, 0
	title := strings.TrimSpace(r.Title)
	if len(title) > maxTitle {
		title = strings.ToValidUTF8(title[:maxTitle], "")
	}
	if title != "" && r.Key != "title repeated" && r.Key != "heading repeated" &&
		!(r.Key == "long" && strings.HasPrefix(r.Text, title)) {
		encoded, text = title+" "+r.Text, len(title)+1
	}
	q, d := encode(t, m, "the bread of a DOG", encoded, edge.MaxTokens(maxPassage), edge.PoolFactor(pool))
	if pool > 1 {
		heads.Normalize(d.Vectors(), d.Dim())
	}
	want := edge.Explain(q, d)
	e := r.Evidence
	if e == nil || len(e.Matches) != len(want.Matches) || math.Abs(float64(e.Score)-float64(want.Score)) > 1e-5 ||
		math.Abs(r.MaxSim-float64(want.Score)) > 1e-4 {
		t.Fatalf("%s: expected evidence for %v, found %+v for %v", r.Key, want.Score, e, r.MaxSim)
	}
	inTitle := 0
	for i, w := range want.Matches {
		g := e.Matches[i]
		if g.Similarity != w.Similarity || g.Index != w.Index || !slices.Equal(g.Document.IDs, w.Document.IDs) {
			t.Fatalf("%s: match %d: expected %+v, found %+v", r.Key, i, w, g)
		}
		var wanted, got []string
		for _, s := range w.Document.Spans {
			wanted = append(wanted, strings.TrimSpace(s.Of(encoded)))
			if s.End <= text {
				inTitle++
			}
		}
		for _, s := range g.Document.TitleSpans {
			got = append(got, strings.TrimSpace(s.Of(r.Title)))
		}
		for _, s := range g.Document.Spans {
			got = append(got, strings.TrimSpace(s.Of(r.Text)))
		}
		slices.Sort(wanted)
		slices.Sort(got)
		if !slices.Equal(wanted, got) {
			t.Fatalf("%s: match %d: expected the spans %q, found %q", r.Key, i, wanted, got)
		}
		if flagged := g.Document.Name == titleName; flagged != (len(g.Document.TitleSpans) > 0 && len(g.Document.Spans) == 0) {
			t.Errorf("%s: match %d: token is only in the title: %t, found %+v", r.Key, i, !flagged, g.Document)
		}
	}
	found := 0
	for _, match := range e.Matches {
		found += len(match.Document.TitleSpans)
	}
	if found != inTitle {
		t.Errorf("%s: expected %d tokens in the title, found %d", r.Key, inTitle, found)
	}
	checkSpans(t, e, r.Text)

	// The highlights are those of what was encoded, wherever they stand.
	var wanted, got []string
	for _, h := range want.Highlights(encoded, 0.25/float32(len(want.Matches))) {
		wanted = append(wanted, h.Of(encoded))
	}
	for _, h := range r.TitleHighlights {
		got = append(got, h.Of(r.Title))
	}
	s := r.Snippet
	if s.Len() > snippetBytes || s.Start < 0 || s.End > len(r.Text) {
		t.Errorf("%s: expected a snippet of at most %d bytes, found %v of %d", r.Key, snippetBytes, s.Span, len(r.Text))
	}
	for _, h := range s.Highlights {
		if h.Start < s.Start || h.End > s.End || h.Len() <= 0 {
			t.Errorf("%s: expected highlights inside %v, found %v", r.Key, s.Span, h)
		}
		got = append(got, h.Of(r.Text))
	}
	if s.Span == (edge.Span{Start: 0, End: len(r.Text)}) && !slices.Equal(wanted, got) {
		t.Errorf("%s: expected the highlights %q, found %q", r.Key, wanted, got)
	}
}

// encode encodes a query and a document.
func encode(tb testing.TB, m *edge.Model, query, document string, opts ...edge.EncodeOption) (*edge.Query, *edge.Document) {
	tb.Helper()
	q, err := m.EncodeQuery(context.Background(), query)
	if err != nil {
		tb.Fatal(err)
	}
	d, err := m.EncodeDocuments(context.Background(), []string{document}, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	return q, d[0]
}

// checkSpans checks that what was found in a passage's text lies there, in order.
func checkSpans(t *testing.T, e *edge.Evidence, text string) {
	t.Helper()
	for _, m := range e.Matches {
		if (m.Document.Name == "") == (len(m.Document.Spans) == 0) {
			t.Fatalf("expected either a name or a span, found %+v", m.Document)
		}
		last := -1
		for _, s := range m.Document.Spans {
			if s.Start < last || s.End <= s.Start || s.End > len(text) {
				t.Fatalf("expected ordered spans inside %d bytes, found %v", len(text), m.Document.Spans)
			}
			last = s.Start
		}
	}
	last := 0
	for _, h := range e.Highlights(text, 0) {
		if h.Start < last || h.End <= h.Start || h.End > len(text) || h.Weight <= 0 {
			t.Fatalf("expected highlights in order inside %d bytes, found %v after %d", len(text), h, last)
		}
		last = h.End
	}
}

// TestIndexEvidenceGolden does the same with a checkpoint of real shape, whose
// tokenizer composes and lower-cases, on the golden texts.
func TestIndexEvidenceGolden(t *testing.T) {
	const model = "edge-17m-shape"
	var g struct {
		Cases []struct{ Name, Kind, Text string }
	}
	if err := json.Unmarshal(testdata.Read(t, "cases/"+model+".json"), &g); err != nil {
		t.Fatal(err)
	}
	m, err := edge.Open(testdata.Checkpoint(t, model))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	for _, pool := range []int{0, 3} {
		x := openIndex(t, m, WithCodec("fp32"), WithPooling(pool), WithWholeDocuments())
		var entries []Entry
		for _, c := range g.Cases {
			if c.Kind == "document" && strings.TrimSpace(c.Text) != "" && len(c.Text) < 1500 {
				entries = append(entries, Entry{Key: fmt.Sprint(len(entries), " ", c.Name), Text: c.Text})
			}
		}
		if err := x.Add(context.Background(), entries); err != nil {
			t.Fatal(err)
		}
		results := search(t, x, "the bread of a DOG", TopK(1000), WithEvidence())
		if len(results) != len(entries) {
			t.Errorf("expected %d results, found %d", len(entries), len(results))
		}
		for i := range results {
			checkIndexEvidence(t, m, x, &results[i], pool)
		}
	}
}

// TestIndexEvidenceProjected asks for the evidence of vectors that were stored
// with fewer dimensions than the model's.
func TestIndexEvidenceProjected(t *testing.T) {
	ctx := context.Background()
	m := open(t, tiny.New(t))
	x := openIndex(t, m, WithDims(4), WithCodec("fp16"))
	if err := x.Add(ctx, animals); err != nil {
		t.Fatal(err)
	}
	if err := x.Train(ctx, nil); err != nil {
		t.Fatal(err)
	}
	results := search(t, x, "the bread", WithEvidence())
	if len(results) == 0 {
		t.Fatal("expected results, found none")
	}
	for _, r := range results {
		encoded, _ := x.titled(r.Title, r.Text)
		want := edge.Explain(encode(t, m, "the bread", encoded))
		if r.Evidence == nil || r.Evidence.Score != want.Score {
			t.Errorf("%s: expected the evidence of the passage encoded anew, %v, found %+v", r.Key, want.Score, r.Evidence)
		}
	}
}
