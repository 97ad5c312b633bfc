package edge

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/toller-search/toller/edge/internal/tiny"
	"github.com/toller-search/toller/testdata"
)

// TestExplain takes golden scores apart: similarities and shares must add up,
// and each match must be the best there is.
func TestExplain(t *testing.T) {
	var g golden
	if err := json.Unmarshal(testdata.Read(t, "cases/modernbert-residual.json"), &g); err != nil {
		t.Fatal(err)
	}
	m, err := Open(testdata.Checkpoint(t, "modernbert-residual"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	q := encodeQuery(t, m, g.Cases[0].Text)
	for _, c := range g.Cases {
		if c.Kind != "document" {
			continue
		}
		for _, factor := range []int{1, 3} {
			d := encodeOne(t, m, c.Text, PoolFactor(factor))
			e := Explain(q, d)
			if e.Score != MaxSim(q, d) || e.Mean != MeanMaxSim(q, d) || len(e.Matches) != q.Len() {
				t.Fatalf("%s: expected score %v in %d matches, found %v in %d", c.Name, MaxSim(q, d), q.Len(), e.Score, len(e.Matches))
			}
			var sum, shares float64
			tokens := d.Tokens()
			for i, match := range e.Matches {
				sum += float64(match.Similarity)
				shares += float64(match.Share)
				row := func(v *vectors, i int) []float32 { return v.data[i*v.dim:][:v.dim] }
				if got := dot(row(&q.vectors, i), row(&d.vectors, match.Index)); math.Abs(got-float64(match.Similarity)) > 1e-5 {
					t.Errorf("%s: match %d: expected similarity %v, found %v", c.Name, i, got, match.Similarity)
				}
				for j := range tokens {
					if better := dot(row(&q.vectors, i), row(&d.vectors, j)); better > float64(match.Similarity)+1e-5 {
						t.Errorf("%s: match %d: vector %d with %v is better than %d with %v", c.Name, i, j, better, match.Index, match.Similarity)
					}
				}
				if match.Document.IDs[0] != tokens[match.Index].IDs[0] {
					t.Errorf("%s: match %d: another token than that of vector %d", c.Name, i, match.Index)
				}
			}
			if math.Abs(sum-float64(e.Score)) > 1e-4 || math.Abs(shares-1) > 1e-4 {
				t.Errorf("%s: expected similarities that add up to %v and shares to 1, found %v and %v", c.Name, e.Score, sum, shares)
			}
			checkEvidence(t, e, c.Text)
		}
	}
}

func dot(a, b []float32) (sum float64) {
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

// checkEvidence checks what must hold of any explanation of any text.
func checkEvidence(t *testing.T, e Evidence, text string) {
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
	var weight float32
	for _, h := range e.Highlights(text, 0) {
		if h.Start < last || h.End <= h.Start || h.End > len(text) || h.Weight <= 0 {
			t.Fatalf("expected highlights in order inside %d bytes, found %v after %d", len(text), h, last)
		}
		last = h.End
		weight += h.Weight
	}
	if weight > 1.001 && e.Score > float32(len(e.Matches))/2 {
		// With a score made of positive parts, no share of it is above 1.
		for _, m := range e.Matches {
			weight = min(weight, 1+max(-m.Share, 0)*float32(len(e.Matches)))
		}
		if weight > 1.001 && allPositive(e) {
			t.Errorf("expected weights that add up to at most 1, found %v", weight)
		}
	}
	for _, size := range []int{-1, 0, 1, 10, 40, 100, 10_000} {
		p := e.BestPassage(text, size)
		if p.Start < 0 || p.End < p.Start || p.End > len(text) || p.Len() > max(size, 0) {
			t.Fatalf("expected a passage of at most %d bytes inside %d, found %v", size, len(text), p)
		}
		if utf8.ValidString(text) && !utf8.ValidString(p.Of(text)) {
			t.Fatalf("expected whole characters, found %q", p.Of(text))
		}
		if got := p.Of(text); got != strings.TrimSpace(got) {
			t.Fatalf("expected no white space at the ends, found %q", got)
		}
	}
}

func allPositive(e Evidence) bool {
	for _, m := range e.Matches {
		if m.Similarity < 0 {
			return false
		}
	}
	return true
}

// evidence returns matches of query words with these parts of text, of equal
// share.
func evidence(text string, parts ...string) Evidence {
	var e Evidence
	for _, part := range parts {
		at := strings.Index(text, part)
		e.Matches = append(e.Matches, Match{
			Document:   Token{Spans: []Span{{at, at + len(part)}}},
			Similarity: 0.5, Share: 1 / float32(len(parts)),
		})
		e.Score += 0.5
	}
	return e
}

func TestHighlights(t *testing.T) {
	const text = "The capital of France, Paris."
	e := evidence(text, " capital", " Par", "is", " France", " capital")
	e.Matches = append(e.Matches,
		Match{Query: Token{Name: "[SEP]"}, Document: Token{Spans: []Span{{0, 3}}}, Similarity: 1, Share: 1}, // not of the query's text
		Match{Document: Token{Name: "[CLS]"}, Similarity: 1, Share: 1},                                      // not in the document's
		Match{Document: Token{Spans: []Span{{11, 14}}}, Similarity: -0.1, Share: -0.05},                     // speaks against it
		Match{Document: Token{Spans: []Span{{3, 4}, {500, 600}}}, Similarity: 1, Share: 1},                  // white space, another text
	)
	got := e.Highlights(text, 0)
	want := []struct {
		text   string
		weight float32
	}{{"capital", 0.4}, {"France", 0.2}, {"Paris", 0.4}}
	if len(got) != len(want) {
		t.Fatalf("expected %v, found %v", want, got)
	}
	for i, h := range got {
		if h.Of(text) != want[i].text || math.Abs(float64(h.Weight-want[i].weight)) > 1e-6 {
			t.Errorf("expected %v, found %q with %v", want[i], h.Of(text), h.Weight)
		}
	}
	if got := e.Highlights(text, 0.3); len(got) != 2 || got[0].Of(text) != "capital" || got[1].Of(text) != "Paris" {
		t.Errorf("expected capital and Paris alone, found %v", got)
	}
}

func TestBestPassage(t *testing.T) {
	const (
		prose = "Bread needs time. Yeast ferments sugar (slowly!) into gas.  \"Does it rise?\" Yes. A long, long sentence without any end to it that goes on and on and never seems to come to its point at all"
		lines = "first heading\n\nsecond block of\ntext here\n\nthird"
		cjk   = "今日は図書館で本を読む。昨天晚上看见了萤火虫！明日も。"
	)
	for _, test := range []struct {
		name  string
		text  string
		parts []string
		size  int
		want  string
	}{
		{"whole sentence", prose, []string{"ferments", "gas"}, 60, "Yeast ferments sugar (slowly!) into gas."},
		{"sentence of one word", prose, []string{"Yes"}, 60, "Yes."},
		{"quotation", prose, []string{"rise"}, 60, "\"Does it rise?\""},
		{"first sentence", prose, []string{"Bread"}, 60, "Bread needs time."},
		{"two sentences", prose, []string{"time", "Yeast"}, 60, "Bread needs time. Yeast ferments sugar (slowly!) into gas."},
		{"most evidence", prose, []string{"Bread", "sugar", "slowly", "point"}, 40, "Yeast ferments sugar (slowly!) into gas."},
		{"part of a sentence", prose, []string{"goes"}, 30, "to it that goes on and on and"},
		{"end of the text", prose, []string{"all"}, 20, "to its point at all"},
		{"paragraph", lines, []string{"block"}, 100, "second block of\ntext here"},
		{"no evidence", prose, nil, 40, "Bread needs time."},
		{"no evidence, small", prose, nil, 12, "Bread needs"},
		{"no room", prose, []string{"ferments"}, 3, "fer"},
		{"East Asian", cjk, []string{"昨天"}, 60, "昨天晚上看见了萤火虫！"},
		{"half a character", cjk, []string{"昨天"}, 4, "昨"},
		{"vowel signs", "น้ำที่เกาะไทยน้ำที่เกาะ", []string{"เกา"}, 24, "เกาะไทย"},
		{"half a letter", "น้ำที่เกาะไทย", []string{"\u0e49"}, 9, "น้ำ"},
		{"letters with marks", "e\u0301e\u0301e\u0301e\u0301", []string{"\u0301e"}, 7, "e\u0301e\u0301"},
		{"empty text", "", nil, 10, ""},
		{"blank text", " \n ", nil, 10, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := evidence(test.text, test.parts...)
			if got := e.BestPassage(test.text, test.size).Of(test.text); got != test.want {
				t.Errorf("expected %q, found %q", test.want, got)
			}
		})
	}
}

// TestBestPassageLong checks that the time doesn't explode with the length.
func TestBestPassageLong(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for _, filler := range []string{" ", "\n", ".", "x", "。", "\xff"} {
		text := strings.Repeat(filler, 1<<20)
		var e Evidence
		for range 1000 {
			at := rng.IntN(len(text) - 10)
			e.Matches = append(e.Matches, Match{Document: Token{Spans: []Span{{at, at + 1 + rng.IntN(9)}}}, Similarity: 1, Share: 1e-3})
		}
		start := time.Now()
		for _, size := range []int{100, 1 << 19, 1 << 21} {
			e.BestPassage(text, size)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%q: took %v", filler, took)
		}
	}
}

// FuzzText encodes arbitrary text as query and as document and explains the
// one by the other.
func FuzzText(f *testing.F) {
	c := tiny.New(f)
	c.Set(f, colbertFile, "do_query_expansion", true)
	c.Set(f, colbertFile, "prompts", map[string]string{"query": "the cat ", "document": "\u00a0[Q] e\u0301"})
	m := open(f, c)
	for i, text := range tiny.Texts {
		f.Add(text, tiny.Texts[(i+3)%len(tiny.Texts)], i)
	}
	f.Fuzz(func(t *testing.T, query, document string, factor int) {
		q, err := m.EncodeQuery(context.Background(), query)
		if err != nil {
			t.Fatal(err)
		}
		d, err := m.EncodeDocuments(context.Background(), []string{document}, PoolFactor(max(factor, 0)%8))
		if err != nil {
			t.Fatal(err)
		}
		e := Explain(q, d[0])
		if len(e.Matches) != q.Len() || !(e.Mean >= -1.001 && e.Mean <= 1.001) {
			t.Fatalf("expected %d matches and a mean in [-1, 1], found %d and %v", q.Len(), len(e.Matches), e.Mean)
		}
		checkEvidence(t, e, document)
		for _, token := range q.Tokens() {
			for _, s := range token.Spans {
				if s.Start >= s.End || s.End > len(query) {
					t.Fatalf("expected a span inside %d bytes, found %v", len(query), s)
				}
			}
		}
	})
}
