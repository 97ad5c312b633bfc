package store

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/toller-search/toller/store/codec"
	"github.com/toller-search/toller/testdata"
)

// TestRecallUnspaced searches the Universal Declaration of Human Rights in Chinese,
// Japanese and Thai, among other languages, for words, for two words together and
// for clauses, and compares the first ten hits with the paragraphs that have them;
// beside it, what version 2 found.
func TestRecallUnspaced(t *testing.T) {
	type query struct {
		Lang, Kind, Text string
		Relevant         []string
	}
	paragraphs := lines[paragraph](t, "declaration.jsonl")
	queries := lines[query](t, "declaration-queries.jsonl")
	if len(queries) != 200 {
		t.Fatalf("%d queries", len(queries))
	}
	s := declaration(t, paragraphs)
	clean(t, s)

	// As it was: texts as they are, and words between spaces.
	former := sql.OpenDB(&connector{name: "file::memory:", setup: []string{wordsTable}})
	defer former.Close()
	former.SetMaxOpenConns(1)
	for i, p := range paragraphs {
		if _, err := former.Exec(insertWords, i, "", "", p.Text); err != nil {
			t.Fatal(err)
		}
	}

	sum := map[string]float64{}
	before := map[string]float64{}
	count := map[string]float64{}
	for _, q := range queries {
		hits, err := s.Search(t.Context(), Query{Text: q.Text, K: 10, Mode: Lexical})
		if err != nil {
			t.Fatal(err)
		}
		var found, once []string
		for _, h := range hits {
			found = append(found, h.Key)
			if matches, err := s.Matches(t.Context(), q.Text, []string{h.Text}); err != nil || len(matches[0]) == 0 {
				t.Errorf("%s: found in %s, highlighted nowhere: %v", q.Text, h.Key, err)
			}
		}
		rows, err := former.Query(`SELECT rowid FROM words WHERE words MATCH ? ORDER BY bm25(words), rowid LIMIT 10`, match(plainTerms(q.Text)))
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var row int
			if err := rows.Scan(&row); err != nil {
				t.Fatal(err)
			}
			once = append(once, paragraphs[row].ID)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		for _, of := range []string{"all", q.Lang, q.Kind} {
			sum[of] += recall(found, q.Relevant)
			before[of] += recall(once, q.Relevant)
			count[of]++
		}
		if r := recall(found, q.Relevant); r < 1 {
			t.Logf("%s %s %q: %.2f of %q in %q", q.Lang, q.Kind, q.Text, r, q.Relevant, found)
		}
	}
	for _, of := range slices.Sorted(maps.Keys(count)) {
		t.Logf("%-6s recall@10 %.3f, in version 2 %.3f", of, sum[of]/count[of], before[of]/count[of])
	}
	if r := sum["all"] / count["all"]; r < 0.95 {
		t.Errorf("recall@10 %.3f", r)
	}
}

type paragraph struct{ ID, Text string }

// declaration is a store with a document for each paragraph.
func declaration(t testing.TB, paragraphs []paragraph) *Store {
	t.Helper()
	s := create(t, testOptions(4, codec.FP32))
	var documents []Document
	for _, p := range paragraphs {
		documents = append(documents, Document{Key: p.ID, Text: p.Text, Passages: []Passage{{End: len(p.Text), Vectors: []float32{1, 0, 0, 0}}}})
	}
	if _, err := s.Add(t.Context(), documents); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAnyCharacters looks for random stretches of text in scripts without spaces,
// whole characters as they stand there: their paragraphs must be found.
func TestAnyCharacters(t *testing.T) {
	seed := uint64(time.Now().UnixNano()) % 1_000_000
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	paragraphs := lines[paragraph](t, "declaration.jsonl")
	s := declaration(t, paragraphs)
	tried := map[string]int{}
	for range 3000 {
		p := paragraphs[r.IntN(len(paragraphs))]
		language, _, _ := strings.Cut(p.ID, "-")
		if tried[language] == 40 || !slices.Contains([]string{"zh", "ja", "kor", "th", "lao", "khm", "mya"}, language) {
			continue
		}
		text := []rune(p.Text)
		start := r.IntN(len(text))
		end := min(start+1+r.IntN(12), len(text))
		separates := func(c rune) bool { return !unicode.In(c, unicode.L, unicode.M) || c < 0x0e00 }
		// Sara am belongs to the consonant before it, though it is a letter to Unicode.
		mark := func(c rune) bool { return unicode.IsMark(c) || c == '\u0e33' || c == '\u0eb3' }
		if mark(text[start]) || end < len(text) && mark(text[end]) || slices.ContainsFunc(text[start:end], separates) {
			continue
		}
		tried[language]++
		query := string(text[start:end])
		hits, err := s.Search(t.Context(), Query{Text: query, K: len(paragraphs), Mode: Lexical})
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(hits, func(h Hit) bool { return h.Key == p.ID })
		if at < 0 {
			t.Errorf("%q is not found in %s", query, p.ID)
			continue
		}
		// As many characters as are looked for as one must stand in each hit.
		for _, h := range hits {
			if end-start <= 2 && !strings.Contains(composed(h.Text), composed(query)) {
				t.Errorf("%q is found in %s", query, h.Key)
			}
		}
	}
	if len(tried) != 7 {
		t.Errorf("tried %v", tried)
	}
}

// BenchmarkUnspaced searches 500 texts of six paragraphs in each of some languages,
// and says how large their file is without vectors.
func BenchmarkUnspaced(b *testing.B) {
	all := lines[paragraph](b, "declaration.jsonl")
	for _, language := range []string{"eng", "zh", "ja", "th", "kor"} {
		r := rand.New(rand.NewPCG(1, 1))
		var own, texts []paragraph
		for _, p := range all {
			if strings.HasPrefix(p.ID, language+"-") {
				own = append(own, p)
			}
		}
		size := 0
		for i := range 500 {
			p := paragraph{ID: fmt.Sprint(i)}
			for range 6 {
				p.Text += own[r.IntN(len(own))].Text
			}
			texts, size = append(texts, p), size+len(p.Text)
		}
		s := declaration(b, texts)
		if err := s.Compact(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
		file, err := os.Stat(s.path)
		if err != nil {
			b.Fatal(err)
		}
		query := map[string]string{"eng": "freedom of speech", "zh": "言论自由", "ja": "言論の自由", "th": "เสรีภาพ", "kor": "언론의 자유"}[language]
		b.Run(language, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Search(b.Context(), Query{Text: query, K: 10, Mode: Lexical}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(file.Size())/float64(size), "file-B/text-B")
		})
	}
}

// recall is the share of what is relevant that was found.
func recall(found, relevant []string) float64 {
	n := 0
	for _, id := range relevant {
		if slices.Contains(found, id) {
			n++
		}
	}
	return float64(n) / float64(min(len(relevant), 10))
}

// lines reads a file of one JSON value a line.
func lines[T any](t testing.TB, name string) []T {
	t.Helper()
	var all []T
	for line := range bytes.Lines(testdata.Read(t, name)) {
		var one T
		if err := json.Unmarshal(line, &one); err != nil {
			t.Fatal(name, err)
		}
		all = append(all, one)
	}
	return all
}
