package eval

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/eval/beir"
	"github.com/toller-search/toller/edge/eval/measure"
	"github.com/toller-search/toller/edge/eval/trec"
	"github.com/toller-search/toller/testdata"
)

const goldenModel = "linear-head"

// collectionOf writes a collection and returns where it is. Document d of query
// q is judged with grade(q, d); -1 is no judgement.
func collectionOf(t *testing.T, documents, queries []string, grade func(query, document int) int) beir.Set {
	t.Helper()
	var corpus, topics, qrels bytes.Buffer
	for i, text := range documents {
		writeLine(t, &corpus, map[string]string{"_id": fmt.Sprint("d", i), "title": "", "text": text})
	}
	for i, text := range queries {
		writeLine(t, &topics, map[string]string{"_id": fmt.Sprint("q", i), "text": text})
		for j := range documents {
			if g := grade(i, j); g >= 0 {
				fmt.Fprintf(&qrels, "q%d\td%d\t%d\n", i, j, g)
			}
		}
	}
	dir := t.TempDir()
	for name, data := range map[string]bytes.Buffer{"corpus.jsonl": corpus, "queries.jsonl": topics, "qrels.tsv": qrels} {
		if err := os.WriteFile(filepath.Join(dir, name), data.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	set, err := beir.Find(dir, "", "")
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func writeLine(t *testing.T, out *bytes.Buffer, value any) {
	t.Helper()
	line, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(append(line, '\n'))
}

// goldenCollection repeats the golden texts until they fill more than one
// batch.
func goldenCollection(t *testing.T) (set beir.Set, documents, queries []string) {
	t.Helper()
	var golden struct {
		Cases []struct {
			Kind, Text string
		}
	}
	if err := json.Unmarshal(testdata.Read(t, "cases/"+goldenModel+".json"), &golden); err != nil {
		t.Fatal(err)
	}
	for _, c := range golden.Cases {
		if c.Kind == "query" {
			queries = append(queries, c.Text)
		}
	}
	for len(documents) <= batchDocuments {
		for _, c := range golden.Cases {
			if c.Kind == "document" {
				documents = append(documents, c.Text)
			}
		}
	}
	set = collectionOf(t, documents, queries, func(query, document int) int {
		return (query+document)%7 - 3 // unjudged, 0, …, 3
	})
	return set, documents, queries
}

func openModel(t *testing.T) *edge.Model {
	t.Helper()
	m, err := edge.Open(testdata.Checkpoint(t, goldenModel))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func evaluate(t *testing.T, m *edge.Model, set beir.Set, o Options) *Evaluation {
	t.Helper()
	e, err := Evaluate(t.Context(), m, set, o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestEvaluate compares with the plain way: encode all documents at once, score them
// one by one.
func TestEvaluate(t *testing.T) {
	const top = 10
	set, documents, queries := goldenCollection(t)
	m := openModel(t)
	e := evaluate(t, m, set, Options{Rankings: []Ranking{BM25, Rerank, Full}, Top: top})
	if e.Documents != len(documents) || len(e.Queries) != len(queries) || e.Cost.Encoded != len(documents) {
		t.Errorf("%d documents, %d encoded, and %d queries, want %d and %d", e.Documents, e.Cost.Encoded, len(e.Queries), len(documents), len(queries))
	}
	encoded, err := m.EncodeDocuments(t.Context(), documents)
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range queries {
		q, err := m.EncodeQuery(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		id := e.Queries[i].ID
		all, few := measure.NewTop(defaultDepth, id), measure.NewTop(defaultDepth, id)
		scores := make(map[string]float32)
		for j, d := range encoded {
			name := fmt.Sprint("d", j)
			scores[name] = edge.MaxSim(q, d)
			all.Offer(name, scores[name])
		}
		lexical := e.Runs[BM25].Results[id]
		for _, hit := range lexical[:min(top, len(lexical))] {
			few.Offer(hit.Document, scores[hit.Document])
		}
		for r, want := range map[Ranking][]measure.Hit{Full: all.Ranking(), Rerank: few.Ranking()} {
			if got := e.Runs[r].Results[id]; !reflect.DeepEqual(got, want) {
				t.Errorf("query %s, %s: got %v, want %v", id, r, got, want)
			}
		}
	}
}

// Reranking alone encodes the candidates alone, with the same outcome, and so it does
// when the candidates are a run from elsewhere.
func TestRerank(t *testing.T) {
	set, documents, _ := goldenCollection(t)
	m := openModel(t)
	all := evaluate(t, m, set, Options{Rankings: []Ranking{BM25, Rerank, Full}, Top: 5})
	alone := evaluate(t, m, set, Options{Rankings: []Ranking{Rerank}, Top: 5})
	given := evaluate(t, m, set, Options{Rankings: []Ranking{Rerank}, Top: 5, Candidates: all.Runs[BM25]})
	for name, e := range map[string]*Evaluation{"alone": alone, "given": given} {
		if !reflect.DeepEqual(e.Runs, map[Ranking]*trec.Run{Rerank: all.Runs[Rerank]}) {
			t.Errorf("%s: got another run than with the other rankings", name)
		}
		if e.Cost.Encoded >= len(documents) || e.Cost.Encoded == 0 {
			t.Errorf("%s: %d of %d documents encoded, want fewer", name, e.Cost.Encoded, len(documents))
		}
	}
	stranger := &trec.Run{Tag: "x", Results: map[string][]measure.Hit{"q0": {{Document: "elsewhere"}}}}
	if _, err := Evaluate(t.Context(), m, set, Options{Rankings: []Ranking{Rerank}, Candidates: stranger}); err == nil || !strings.Contains(err.Error(), `found "elsewhere"`) {
		t.Errorf("candidates of another collection: got %v", err)
	}
}

// An index finds the best document too, in passages with four bits a component.
func TestSearch(t *testing.T) {
	documents := []string{
		"The postman comes at nine and leaves letters in the green box by the gate.",
		"Sourdough needs a starter of flour and water that is fed every day.",
		"Tyres of bicycles hold their pressure for about two weeks.",
	}
	queries := []string{"how often does one feed a sourdough starter?", "when does the postman come?"}
	set := collectionOf(t, documents, queries, func(query, document int) int {
		if query+document == 1 {
			return 1
		}
		return -1
	})
	e := evaluate(t, openModel(t), set, Options{Rankings: []Ranking{Search}})
	success, err := measure.Parse("Success@1")
	if err != nil {
		t.Fatal(err)
	}
	if got := e.Values(e.Runs[Search], success); got[0] != 1 || got[1] != 1 {
		t.Errorf("found first: %v, want both", got)
	}
}

func TestEncodingOptions(t *testing.T) {
	set, _, _ := goldenCollection(t)
	m := openModel(t)
	full := []Ranking{Full}
	whole := evaluate(t, m, set, Options{Rankings: full}).Cost
	cut := evaluate(t, m, set, Options{Rankings: full, MaxTokens: 16}).Cost
	if cut.Vectors > int64(16*cut.Encoded) || cut.Truncated <= whole.Truncated {
		t.Errorf("cut at 16 tokens: %+v; whole: %+v", cut, whole)
	}
	pooled := evaluate(t, m, set, Options{Rankings: full, PoolFactor: 2}).Cost
	if ratio := float64(pooled.Vectors) / float64(whole.Vectors); ratio < .45 || ratio > .6 {
		t.Errorf("pooling by 2 left %.2f of the vectors", ratio)
	}
}

// BM25 needs no model; expected values are by hand.
func TestBM25(t *testing.T) {
	documents := []string{"red apples", "green pears", "blue plums and red apples"}
	queries := []string{"an apple", "pear", "quince", "plum"}
	set := collectionOf(t, documents, queries, func(query, document int) int {
		switch {
		case query == 0 && document == 2: // ranked second, the first is shorter
			return 1
		case query == 1 && document == 1: // first
			return 2
		case query == 2 && document == 0: // not found
			return 1
		case query == 3: // nothing relevant, left out
			return 0
		}
		return -1
	})
	e := evaluate(t, nil, set, Options{Rankings: []Ranking{BM25}})
	for name, want := range map[string][]float64{
		"nDCG@10": {1 / math.Log2(3), 1, 0},
		"R@100":   {1, 1, 0},
		"RR@10":   {.5, 1, 0},
	} {
		m, err := measure.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		got := e.Values(e.Runs[BM25], m)
		for i := range want {
			if len(got) != len(want) || math.Abs(got[i]-want[i]) > 1e-9 {
				t.Errorf("%s: got %v, want %v", name, got, want)
				break
			}
		}
	}
	if limited := evaluate(t, nil, set, Options{Rankings: []Ranking{BM25}, Queries: 2}); len(limited.Queries) != 2 {
		t.Errorf("%d queries, want 2", len(limited.Queries))
	}
}

// A judgement of a document that isn't in the corpus counts as not found.
func TestLostDocuments(t *testing.T) {
	set := collectionOf(t, []string{"red apples"}, []string{"apple"}, func(int, int) int { return 1 })
	if err := os.WriteFile(set.Qrels, []byte("q0\td0\t1\nq0\tlost\t1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	e := evaluate(t, nil, set, Options{Rankings: []Ranking{BM25}})
	recall, err := measure.Parse("R@100")
	if err != nil {
		t.Fatal(err)
	}
	if got := e.Values(e.Runs[BM25], recall); e.Lost != 1 || got[0] != .5 {
		t.Errorf("%d lost and a recall of %v, want 1 and 0.5", e.Lost, got[0])
	}
}

func TestRefuses(t *testing.T) {
	set := collectionOf(t, []string{"red apples"}, []string{"apple"}, func(int, int) int { return 1 })
	for name, test := range map[string]struct {
		options Options
		want    string
	}{
		"ranking":  {Options{Rankings: []Ranking{"best"}}, `found "best"`},
		"negative": {Options{Top: -1}, "Top: expected 0 or more, found -1"},
		"no model": {Options{Rankings: []Ranking{Full}}, "without a model"},
	} {
		if _, err := Evaluate(t.Context(), nil, set, test.options); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want an error with %s", name, err, test.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Evaluate(ctx, nil, set, Options{Rankings: []Ranking{BM25}}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}
