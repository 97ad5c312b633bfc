package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/toller-search/toller/bench/beir"
	"github.com/toller-search/toller/bench/metrics"
	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/testdata"
)

const goldenModel = "linear-head"

// collectionOf writes a collection and returns its folder. Document d of query
// q is judged with grade(q, d); -1 is no judgement.
func collectionOf(t *testing.T, documents, queries []string, grade func(query, document int) int) string {
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
	return dir
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
func goldenCollection(t *testing.T) (dir string, documents, queries []string) {
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
	dir = collectionOf(t, documents, queries, func(query, document int) int {
		return (query+document)%7 - 3 // unjudged, 0, …, 3
	})
	return dir, documents, queries
}

// TestMeasuresModel compares with the plain way: encode all documents at once,
// score them one by one.
func TestMeasuresModel(t *testing.T) {
	const top = 10
	dir, documents, queries := goldenCollection(t)
	path := testdata.Checkpoint(t, goldenModel)
	got := measured(t, "--data", dir, "--model", path, "--top", fmt.Sprint(top))
	if got.Documents != len(documents) || got.Queries != len(queries) {
		t.Errorf("%d documents and %d queries, want %d and %d", got.Documents, got.Queries, len(documents), len(queries))
	}
	if got.Model.Encoded != len(documents) {
		t.Errorf("%d documents encoded, want %d", got.Model.Encoded, len(documents))
	}

	m, err := edge.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	encoded, err := m.EncodeDocuments(t.Context(), documents)
	if err != nil {
		t.Fatal(err)
	}
	set, err := beir.Find(dir, "", "")
	if err != nil {
		t.Fatal(err)
	}
	c, err := load(t.Context(), set, options{modes: []string{bm25Mode}}, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	lexical, err := c.bm25(t.Context(), top)
	if err != nil {
		t.Fatal(err)
	}
	full, reranked := make(rankings, len(queries)), make(rankings, len(queries))
	for i, text := range queries {
		q, err := m.EncodeQuery(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		all, few := metrics.NewTop(depth, c.queries[i].ID), metrics.NewTop(depth, c.queries[i].ID)
		scores := make(map[string]float32)
		for j, d := range encoded {
			scores[c.ids[j]] = edge.MaxSim(q, d)
			all.Offer(c.ids[j], scores[c.ids[j]])
		}
		for _, hit := range lexical[i] {
			few.Offer(hit.Document, scores[hit.Document])
		}
		full[i], reranked[i] = all.Ranking(), few.Ranking()
	}
	for i, want := range []result{measure(rerankMode, reranked, c), measure(fullMode, full, c)} {
		if got := got.Results[i+1]; got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if want.NDCG10 == 0 || want.NDCG10 == 1 {
			t.Errorf("%s: an nDCG of %v tells nothing", want.Ranking, want.NDCG10)
		}
	}
}

// Reranking alone encodes the candidates alone, with the same outcome.
func TestRerankEncodesCandidatesOnly(t *testing.T) {
	dir, documents, _ := goldenCollection(t)
	path := testdata.Checkpoint(t, goldenModel)
	both := measured(t, "--data", dir, "--model", path, "--top", "5")
	alone := measured(t, "--data", dir, "--model", path, "--top", "5", "--mode", "rerank")
	if alone.Results[0] != both.Results[1] {
		t.Errorf("alone %+v, with the others %+v", alone.Results[0], both.Results[1])
	}
	if alone.Model.Encoded >= len(documents) || alone.Model.Encoded == 0 {
		t.Errorf("%d of %d documents encoded, want fewer", alone.Model.Encoded, len(documents))
	}
}

func TestOptionsReachModel(t *testing.T) {
	dir, _, _ := goldenCollection(t)
	path := testdata.Checkpoint(t, goldenModel)
	whole := measured(t, "--data", dir, "--model", path, "--mode", "full")
	cut := measured(t, "--data", dir, "--model", path, "--mode", "full", "--max-tokens", "16", "--threads", "1")
	if cut.Model.MaxTokens != 16 || cut.Model.VectorsPerDocument > 16 || cut.Model.Truncated <= whole.Model.Truncated || cut.Model.Threads != 1 {
		t.Errorf("cut at 16 tokens on one thread: %+v; whole: %+v", cut.Model, whole.Model)
	}
	pooled := measured(t, "--data", dir, "--model", path, "--mode", "full", "--pool", "2")
	if ratio := pooled.Model.VectorsPerDocument / whole.Model.VectorsPerDocument; ratio < .45 || ratio > .6 {
		t.Errorf("pooling by 2 left %.2f of the vectors", ratio)
	}
}

// BM25 needs no model; expected values are by hand.
func TestMeasuresBM25(t *testing.T) {
	documents := []string{"red apples", "green pears", "blue plums and red apples"}
	queries := []string{"an apple", "pear", "quince", "plum"}
	dir := collectionOf(t, documents, queries, func(query, document int) int {
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
	got := measured(t, "--data", dir, "--mode", "bm25")
	if got.Model != nil || got.Queries != 3 || len(got.Results) != 1 {
		t.Fatalf("report %+v, want three queries, one result and no model", got)
	}
	r := got.Results[0]
	near(t, "nDCG", r.NDCG10, (1/math.Log2(3)+1+0)/3)
	near(t, "recall", r.Recall100, 2./3)
	near(t, "MRR", r.MRR10, .5)

	limited := measured(t, "--data", dir, "--mode", "bm25", "--limit", "2")
	near(t, "nDCG of two queries", limited.Results[0].NDCG10, (1/math.Log2(3)+1)/2)
}

func near(t *testing.T, measure string, got, want float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > 1e-9 {
		t.Errorf("%s %.10f, want %.10f", measure, got, want)
	}
}

func TestTable(t *testing.T) {
	dir := collectionOf(t, []string{"red apples"}, []string{"apple"}, func(int, int) int { return 1 })
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"--data", dir, "--mode", "bm25"}, &stdout, &stderr); code != 0 {
		t.Fatalf("exit status %d: %s", code, &stderr)
	}
	fields := strings.Fields(stdout.String())
	if got := strings.Join(fields[len(fields)-8:], " "); got != "ranking nDCG@10 Recall@100 MRR@10 BM25 1.0000 1.0000 1.0000" {
		t.Errorf("the table is %q", got)
	}
}

// TestCountsLostDocuments has a judgement of a document that isn't in the
// corpus: it counts as not found, and the user is told.
func TestCountsLostDocuments(t *testing.T) {
	dir := collectionOf(t, []string{"red apples"}, []string{"apple"}, func(int, int) int { return 1 })
	path := filepath.Join(dir, "qrels.tsv")
	if err := os.WriteFile(path, []byte("q0\td0\t1\nq0\tlost\t1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"--data", dir, "--mode", "bm25", "--json"}, &stdout, &stderr); code != 0 {
		t.Fatalf("exit status %d: %s", code, &stderr)
	}
	var got report
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	near(t, "recall", got.Results[0].Recall100, .5)
	if !strings.Contains(stderr.String(), "1 relevant documents are not in") {
		t.Errorf("standard error %q doesn't tell of the lost document", &stderr)
	}
}

func TestExitStatus(t *testing.T) {
	dir := collectionOf(t, []string{"red apples"}, []string{"apple"}, func(int, int) int { return 1 })
	missing := filepath.Join(dir, "missing")
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"help", []string{"--help"}, 0, "usage: quality --data DIR"},
		{"no data", nil, exitUsage, "--data: expected the folder"},
		{"unknown flag", []string{"--date"}, exitUsage, "-date"},
		{"unknown mode", []string{"--data", dir, "--mode", "bm25,best"}, exitUsage, `expected some of bm25,rerank,full, found "best"`},
		{"argument", []string{"--data", dir, "more"}, exitUsage, `unexpected argument "more"`},
		{"no candidates", []string{"--data", dir, "--top", "0"}, exitUsage, "--top: expected at least 1"},
		{"negative", []string{"--data", dir, "--pool", "-1"}, exitUsage, "expected 0 or more"},
		{"no such collection", []string{"--data", missing}, exitFailure, "no corpus.jsonl"},
		{"no such model", []string{"--data", dir, "--model", missing}, exitFailure, "missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), c.args, &stdout, &stderr)
			if code != c.code || !strings.Contains(stderr.String(), c.want) {
				t.Errorf("exit status %d with %q, want %d with %q", code, &stderr, c.code, c.want)
			}
			if stdout.Len() > 0 {
				t.Errorf("standard output %q, want nothing", &stdout)
			}
		})
	}
}

func TestInterrupt(t *testing.T) {
	dir := collectionOf(t, []string{"red apples"}, []string{"apple"}, func(int, int) int { return 1 })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	if code := run(ctx, []string{"--data", dir}, &stdout, &stderr); code != exitInterrupted || stdout.Len() > 0 {
		t.Errorf("exit status %d, output %q; want %d and nothing", code, &stdout, exitInterrupted)
	}
}

// measured runs the command and returns its JSON.
func measured(t *testing.T, args ...string) report {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), append(args, "--json"), &stdout, &stderr); code != 0 {
		t.Fatalf("exit status %d: %s", code, &stderr)
	}
	var r report
	if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
		t.Fatalf("%v in %s", err, &stdout)
	}
	return r
}
