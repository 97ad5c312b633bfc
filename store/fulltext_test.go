package store

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/store/codec"
)

// TestBM25 compares a lexical search with the formula that FTS5 documents, on
// random texts. The passages that an update or a deletion removed still count in
// the number of passages and their mean length, until Compact.
func TestBM25(t *testing.T) {
	s := create(t, testOptions(4, codec.FP32))
	r := rand.New(rand.NewPCG(1, 2))
	vocabulary := strings.Fields("wolf barn lamp milk corn dust fork gulf hawk jump kelp moss") // no stop words, nothing to stem
	texts := map[string]string{}
	var counted []string // texts ever stored since the last Compact
	document := func(key string) Document {
		var words []string
		for range 1 + r.IntN(30) {
			words = append(words, vocabulary[min(r.IntN(len(vocabulary)), r.IntN(len(vocabulary)))])
		}
		texts[key] = strings.Join(words, " ")
		counted = append(counted, texts[key])
		return Document{Key: key, Text: texts[key], Passages: []Passage{{End: len(texts[key]), Vectors: []float32{1, 0, 0, 0}}}}
	}
	for i := range 60 {
		if _, err := s.Add(t.Context(), []Document{document(fmt.Sprint(i))}); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"3", "17", "59"} {
		if _, err := s.Update(t.Context(), []Document{document(key)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"0", "31"} {
		if n, err := s.Delete(t.Context(), key); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		delete(texts, key)
	}
	compareBM25(t, s, texts, counted)
	if err := s.Compact(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	compareBM25(t, s, texts, slices.Collect(maps.Values(texts)))
}

func compareBM25(t *testing.T, s *Store, texts map[string]string, counted []string) {
	t.Helper()
	for _, query := range []string{"kelp", "Wolf moss", "hawk, jump & kelp!", "moss moss", "nothing of this"} {
		var forms []string
		for _, t := range terms(query) {
			forms = append(forms, t.form)
		}
		want := bm25(texts, counted, forms)
		hits, err := s.Search(t.Context(), Query{Text: query, K: 100, Mode: Lexical})
		if err != nil {
			t.Fatal(err)
		}
		if len(hits) != len(want) {
			t.Errorf("%q: %d hits, expected %d", query, len(hits), len(want))
		}
		for i, h := range hits {
			if math.Abs(h.BM25-want[h.Key]) > 1e-5 || h.Score != h.BM25 {
				t.Errorf("%q: %s has a BM25 of %v and a score of %v, expected %v", query, h.Key, h.BM25, h.Score, want[h.Key])
			}
			if i > 0 && h.Score > hits[i-1].Score {
				t.Errorf("%q: hit %d is better than the one before", query, i)
			}
		}
	}
}

// bm25 is the scores above zero of FTS5's bm25() for texts of one column, k1
// 1.2 and b 0.75; counted are the texts whose number and length count.
func bm25(texts map[string]string, counted, query []string) map[string]float64 {
	total := 0
	for _, text := range counted {
		total += len(strings.Fields(text))
	}
	average := float64(total) / float64(len(counted))
	scores := map[string]float64{}
	for _, word := range query {
		word = strings.ToLower(word)
		frequency := map[string]float64{}
		for key, text := range texts {
			for _, w := range strings.Fields(text) {
				if w == word {
					frequency[key]++
				}
			}
		}
		n := float64(len(frequency))
		idf := math.Log((float64(len(counted)) - n + 0.5) / (n + 0.5))
		if idf <= 0 {
			idf = 1e-6
		}
		for key, f := range frequency {
			length := float64(len(strings.Fields(texts[key])))
			scores[key] += idf * f * 2.2 / (f + 1.2*(0.25+0.75*length/average))
		}
	}
	return scores
}

// TestWords says which words of a query are looked up, and that full text
// finds them whatever their case, accents and endings.
func TestWords(t *testing.T) {
	for query, want := range map[string]string{
		"What slows bone loss?":       "slows bone loss",
		"who is the who":              "who is the",
		"Zürich's naïve café":         "Zürich naïve café", // 's is a stop word
		"a\"b OR NEAR(c, 3) d*":       "b NEAR c 3 d",
		"  ":                          "",
		"骨量の減少 123":                   "骨量の減少 123",
		strings.Repeat("x y z ", 100): "x y z",
	} {
		if got := strings.Join(words(query), " "); got != want {
			t.Errorf("%q: %q, expected %q", query, got, want)
		}
	}

	s := create(t, testOptions(4, codec.FP32))
	text := "The naïve CAFÉ owner was running late."
	if _, err := s.Add(t.Context(), []Document{{
		Key: "1", Title: "Übersicht", Text: text,
		Passages: []Passage{{End: len(text), Heading: "Opening > Hours", Vectors: []float32{1, 0, 0, 0}}},
	}}); err != nil {
		t.Fatal(err)
	}
	for query, found := range map[string]bool{
		"cafe": true, "NAIVE": true, "runs": true, "übersicht": true, "ubersicht": true, "hour": true, "café owners": true,
		"coffee": false, "ca": false,
	} {
		hits, err := s.Search(t.Context(), Query{Text: query, K: 5, Mode: Lexical})
		if err != nil || (len(hits) == 1) != found {
			t.Errorf("%q: %d hits, %v", query, len(hits), err)
		}
	}
}

// TestFusion compares the orders of a hybrid search with their definitions.
func TestFusion(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	list := make([]found, 40)
	for i := range list {
		list[i].passage = int64(i + 1)
		list[i].maxSim = float64(r.IntN(20))
		if r.IntN(3) > 0 {
			list[i].bm25 = float64(r.IntN(10)) / 4
		}
	}
	rank := func(of func(found) float64, x found) int {
		n := 1
		for _, y := range list {
			if of(y) > of(x) || of(y) == of(x) && y.passage < x.passage {
				n++
			}
		}
		return n
	}
	maxSim, bm25 := func(x found) float64 { return x.maxSim }, func(x found) float64 { return x.bm25 }
	low := slices.MinFunc(list, func(a, b found) int { return int(a.maxSim - b.maxSim) }).maxSim
	high := slices.MaxFunc(list, func(a, b found) int { return int(a.maxSim - b.maxSim) }).maxSim
	least, most := math.Inf(1), 0.0
	for _, x := range list {
		least, most = min(least, x.bm25), max(most, x.bm25)
	}
	for fusion, score := range map[Fusion]func(found) float64{
		ByMaxSim: maxSim,
		Weighted: func(x found) float64 { return 0.2*(x.bm25-least)/(most-least) + 0.8*(x.maxSim-low)/(high-low) },
		RRF: func(x found) float64 {
			sum := 1 / float64(60+rank(maxSim, x))
			if x.bm25 > 0 {
				sum += 1 / float64(60+rank(bm25, x))
			}
			return sum
		},
	} {
		ordered := slices.Clone(list)
		fusion.order(ordered, 0.2)
		if len(ordered) != len(list) {
			t.Fatalf("%s: %d of %d", fusion, len(ordered), len(list))
		}
		for i, x := range ordered {
			if want := score(x); math.Abs(x.final-want) > 1e-12 {
				t.Errorf("%s: passage %d has %v, expected %v", fusion, x.passage, x.final, want)
			}
			if i > 0 && (x.final > ordered[i-1].final || x.final == ordered[i-1].final && x.passage < ordered[i-1].passage) {
				t.Errorf("%s: passages %d and %d are in the wrong order", fusion, ordered[i-1].passage, x.passage)
			}
		}
	}
}

// TestHybridScores compares both scores of a hybrid search's hits with those of
// an exact and of a lexical search that find everything: also where one side
// found a passage far below the candidates of the other.
func TestHybridScores(t *testing.T) {
	s, c := trained(t, codec.Residual4, 1500)
	text, q := c.query(12)
	all := map[Mode]map[int64]float64{}
	for _, mode := range []Mode{Exact, Lexical} {
		hits, err := s.Search(t.Context(), Query{Vectors: q, Text: text, K: MaxHits, Mode: mode})
		if err != nil {
			t.Fatal(err)
		}
		all[mode] = map[int64]float64{}
		for _, h := range hits {
			all[mode][h.Passage.ID] = h.Score
		}
	}
	if len(all[Lexical]) <= 2*minHybrid || len(all[Lexical]) == len(all[Exact]) {
		t.Fatalf("%d passages of %d have the query's words", len(all[Lexical]), len(all[Exact]))
	}
	for _, perDocument := range []bool{false, true} {
		beyond, wordless := 0, 0
		for _, fusion := range []Fusion{Weighted, RRF, ByMaxSim} {
			hits, err := s.Search(t.Context(), Query{Vectors: q, Text: text, K: 25, Mode: Hybrid, Fusion: fusion, PerDocument: perDocument})
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range hits {
				if bm25 := all[Lexical][h.Passage.ID]; h.BM25 != bm25 {
					t.Errorf("%s: passage %d has a BM25 of %v, lexical search says %v", fusion, h.Passage.ID, h.BM25, bm25)
				}
				if score := all[Exact][h.Passage.ID]; math.Abs(h.MaxSim-score) > 1e-5 {
					t.Errorf("%s: passage %d has a MaxSim of %v, exact search says %v", fusion, h.Passage.ID, h.MaxSim, score)
				}
				rank := 1
				for _, other := range all[Lexical] {
					if other > h.BM25 {
						rank++
					}
				}
				switch {
				case h.BM25 == 0:
					wordless++
				case rank > minHybrid:
					beyond++
				}
			}
		}
		if beyond == 0 {
			t.Error("no hit is beyond the candidates of full text")
		}
		t.Logf("%d hits are beyond the candidates of full text, %d have none of the words", beyond, wordless)
	}
}

// TestHybridJoins has one document that only the words find and one that only
// the vectors find.
func TestHybridJoins(t *testing.T) {
	s := create(t, testOptions(2, codec.FP32))
	var documents []Document
	for i := range 300 {
		angle := 0.2 + float64(i)/300
		text := "corn"
		if i == 299 {
			text = "wolf"
		}
		documents = append(documents, Document{Key: fmt.Sprint(i), Text: text, Passages: []Passage{{
			End: 4, Vectors: []float32{float32(math.Cos(angle)), float32(math.Sin(angle))},
		}}})
	}
	if _, err := s.Add(t.Context(), documents); err != nil {
		t.Fatal(err)
	}
	if (Query{}).Fusion != Weighted {
		t.Error("weighted is not the default")
	}
	for fusion, want := range map[Fusion][]string{
		ByMaxSim: {"0", "1"},
		Weighted: {"0", "1"}, // 299 has 0.3
		RRF:      {"299", "0"},
	} {
		hits, err := s.Search(t.Context(), Query{Vectors: []float32{1, 0}, Text: "wolf", K: 2, Mode: Hybrid, Fusion: fusion})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, h := range hits {
			got = append(got, h.Key)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, expected %v", fusion, got, want)
		}
	}
	hits, err := s.Search(t.Context(), Query{Vectors: []float32{1, 0}, Text: "wolf", K: 200, Mode: Hybrid, Fusion: Weighted, Lexical: 1})
	if err != nil || len(hits) != 200 || hits[0].Key != "299" || hits[0].BM25 <= 0 || hits[0].MaxSim == 0 {
		t.Errorf("words alone: %d hits, %v", len(hits), err)
	}
}

// TestHybridAlone has one candidate, and queries without a word of it or any.
func TestHybridAlone(t *testing.T) {
	s := create(t, testOptions(2, codec.FP32))
	if _, err := s.Add(t.Context(), []Document{{Key: "1", Text: "wolf", Passages: []Passage{{End: 4, Vectors: []float32{1, 0}}}}}); err != nil {
		t.Fatal(err)
	}
	for text, score := range map[string]float64{"wolf": 1, "corn": 0.7, "?!": 0.7} {
		for _, perDocument := range []bool{false, true} {
			hits, err := s.Search(t.Context(), Query{Vectors: []float32{1, 0}, Text: text, K: 3, Mode: Hybrid, PerDocument: perDocument})
			if err != nil || len(hits) != 1 || math.Abs(hits[0].Score-score) > 1e-12 || hits[0].MaxSim != 1 || (hits[0].BM25 > 0) != (text == "wolf") {
				t.Errorf("%q: %+v, %v", text, hits, err)
			}
		}
	}
}

// TestStopWords keeps the list free of words that unicode61 would split.
func TestStopWords(t *testing.T) {
	for word := range maps.Keys(stopWords) {
		if got := words("x " + word); len(got) != 1 || strings.ToLower(word) != word {
			t.Errorf("%q: %q", word, got)
		}
	}
}
