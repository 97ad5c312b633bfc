package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/eval/beir"
	"github.com/toller-search/toller/edge/eval/measure"
	"github.com/toller-search/toller/heads"
	"github.com/toller-search/toller/store"
	"github.com/toller-search/toller/testdata"
)

const goldenModel = "linear-head"

// TestMain lets the test program be the searching process too.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == searcherArgument {
		os.Exit(searcherMain())
	}
	os.Exit(m.Run())
}

// abstracts writes a collection of n of the repository's abstracts. Their
// titles are the queries, and each title is judged to be of its abstract.
func abstracts(t *testing.T, n int) (dir string) {
	t.Helper()
	var corpus, queries, qrels bytes.Buffer
	for line := range bytes.Lines(testdata.Read(t, "abstracts.jsonl")) {
		if n--; n < 0 {
			break
		}
		var a struct{ ID, Title, Text string }
		if err := json.Unmarshal(line, &a); err != nil {
			t.Fatal(err)
		}
		writeLine(t, &corpus, map[string]string{"_id": "d" + a.ID, "title": "", "text": a.Text})
		writeLine(t, &queries, map[string]string{"_id": "q" + a.ID, "text": a.Title})
		fmt.Fprintf(&qrels, "q%s\td%s\t1\n", a.ID, a.ID)
	}
	dir = filepath.Join(t.TempDir(), "abstracts")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]*bytes.Buffer{"corpus.jsonl": &corpus, "queries.jsonl": &queries, "qrels.tsv": &qrels} {
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

// measured runs a command on the embedded model and returns its JSON.
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

// TestQuality compares exact search on fp32 with the plain way: encode all
// documents and score them one by one.
func TestQuality(t *testing.T) {
	const cut = 48 // short, so that not every abstract is found by its title
	dir := abstracts(t, 40)
	got := measured(t, "quality", "--data", dir, "--max-tokens", fmt.Sprint(cut), "--as", allForms)
	if len(got.Collections) != 1 {
		t.Fatalf("%d collections, want 1", len(got.Collections))
	}
	c := got.Collections[0]
	if c.Data != "abstracts" || c.Documents != 40 || c.Queries != 40 || c.VectorsPerDocument < 20 || c.VectorsPerDocument > cut {
		t.Errorf("collection %+v", c)
	}
	forms, err := parseForms(allForms)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Results) != len(forms)*len(ways) {
		t.Fatalf("%d results, want one for each of %d ways in %d forms", len(c.Results), len(ways), len(forms))
	}
	for i, r := range c.Results {
		f, w := forms[i/len(ways)], ways[i%len(ways)]
		if r.Stored != f.String() || r.Way != w.name {
			t.Errorf("result %d is of %s, %s; want %s, %s", i, r.Stored, r.Way, f, w.name)
		}
		if w.mode == store.Exact && r.OfExact != 1 {
			t.Errorf("%s: exact search finds %v of itself", f, r.OfExact)
		}
		if r.NDCG10 < .3 || r.NDCG10 > 1 {
			t.Errorf("%s, %s: nDCG %.3f of finding abstracts by their titles", f, w.name, r.NDCG10)
		}
		near(t, f.String()+", "+w.name+": relative", r.Relative, r.NDCG10/c.Results[0].NDCG10)
	}

	exactly := measured(t, "quality", "--data", dir, "--max-tokens", fmt.Sprint(cut), "--as", "fp32,4bit", "--exactly").Collections[0].Results
	if len(exactly) != 2 || exactly[0] != c.Results[0] || exactly[1].Stored != "4bit" || exactly[1].Way != "exact" {
		t.Errorf("exactly: %+v", exactly)
	}

	if want := plainNDCG(t, dir, cut); want == 1 {
		t.Error("an nDCG of 1 tells nothing")
	} else {
		near(t, "exact search on fp32", c.Results[0].NDCG10, want)
	}
}

// plainNDCG is the nDCG@10 of all documents, without a store.
func plainNDCG(t *testing.T, dir string, cut int) float64 {
	t.Helper()
	m, err := open(&options{threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	set, err := beir.Find(dir, "", "")
	if err != nil {
		t.Fatal(err)
	}
	queries, qrels, err := set.Judged()
	if err != nil {
		t.Fatal(err)
	}
	var ids, texts []string
	for d, err := range beir.Documents(set.Corpus) {
		if err != nil {
			t.Fatal(err)
		}
		ids, texts = append(ids, d.ID), append(texts, d.Content())
	}
	documents, err := m.EncodeDocuments(t.Context(), texts, edge.MaxTokens(cut))
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, query := range queries {
		q, err := m.EncodeQuery(t.Context(), query.Text)
		if err != nil {
			t.Fatal(err)
		}
		top := measure.NewTop(depth, query.ID)
		for i, d := range documents {
			top.Offer(ids[i], edge.MaxSim(q, d))
		}
		sum += measure.NDCG(top.Ranking(), qrels[query.ID], depth)
	}
	return sum / float64(len(queries))
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > 1e-9 {
		t.Errorf("%s: %.10f, want %.10f", what, got, want)
	}
}

// Pooling must be the one that documents get when they are encoded, as unit
// vectors.
func TestPoolsLikeEncoding(t *testing.T) {
	m, err := edge.Open(testdata.Checkpoint(t, goldenModel))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	texts := []string{"", "a", "one short text", strings.Repeat("a longer text with words that come back ", 12)}
	plain, err := m.EncodeDocuments(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	for _, factor := range []int{1, 2, 3} {
		want, err := m.EncodeDocuments(t.Context(), texts, edge.PoolFactor(factor))
		if err != nil {
			t.Fatal(err)
		}
		documents := make([]store.Document, len(texts))
		for i, d := range plain {
			documents[i].Passages = []store.Passage{{Vectors: d.Vectors()}}
		}
		if err := (form{pool: factor}).pooled(t.Context(), documents, m.Info().Dim, 2); err != nil {
			t.Fatal(err)
		}
		for i, d := range documents {
			p := d.Passages[0]
			model := want[i].Vectors()
			if p.Clusters != nil {
				heads.Normalize(model, m.Info().Dim)
			}
			if !slices.Equal(p.Vectors, model) {
				t.Errorf("%q pooled by %d: other vectors than the model's", texts[i], factor)
			}
			if p.Clusters == nil {
				continue
			}
			if len(p.Clusters) != plain[i].Len() || int(slices.Max(p.Clusters)) != want[i].Len()-1 {
				t.Errorf("%q pooled by %d: clusters %v of %d tokens, %d vectors", texts[i], factor, p.Clusters, plain[i].Len(), want[i].Len())
			}
		}
	}
}

// A folder that is kept spares encoding, and follows a collection that changes.
func TestKeepsLibrary(t *testing.T) {
	dir, work := abstracts(t, 6), t.TempDir()
	args := []string{"quality", "--data", dir, "--max-tokens", "32", "--work", work, "--as", "fp32"}
	first := measured(t, args...)
	kept, err := filepath.Glob(filepath.Join(work, "*"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept %q, want the library alone (%v)", kept, err)
	}
	before := hashes(t, kept[0])
	if again := measured(t, args...); !equal(again, first) {
		t.Errorf("from what was kept %+v, at first %+v", again.Collections[0], first.Collections[0])
	}

	// One document changes, one goes.
	corpus := filepath.Join(dir, "corpus.jsonl")
	data, err := os.ReadFile(corpus)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	lines[2] = bytes.Replace(lines[2], []byte(`"text":"`), []byte(`"text":"changed `), 1)
	if err := os.WriteFile(corpus, bytes.Join(lines[:5], nil), 0o644); err != nil {
		t.Fatal(err)
	}
	changed := measured(t, args...)
	if changed.Collections[0].Documents != 5 {
		t.Errorf("%d documents, want 5", changed.Collections[0].Documents)
	}
	after := hashes(t, kept[0])
	same := 0
	for key, hash := range after {
		if before[key] == hash {
			same++
		}
	}
	if len(after) != 5 || same != 4 {
		t.Errorf("%d documents with %d old hashes, want 5 and 4", len(after), same)
	}
	if plain := measured(t, slices.Concat(args[:5], args[7:])...); !equal(plain, changed) {
		t.Errorf("from what was kept %+v, anew %+v", changed.Collections[0], plain.Collections[0])
	}
}

func equal(a, b report) bool {
	return slices.Equal(a.Collections[0].Results, b.Collections[0].Results)
}

func hashes(t *testing.T, path string) map[string][32]byte {
	t.Helper()
	s, err := store.Open(t.Context(), path, store.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	found, err := s.Hashes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestSize(t *testing.T) {
	dir := abstracts(t, 4)
	got := measured(t, "size", "--data", dir, "--max-tokens", "64", "--documents", "300", "--tokens", "50", "--as", "fp16,4bit,4bit/2").Sizes
	if got == nil || got.Documents != 300 || got.Tokens != 50 || len(got.Rows) != 3 {
		t.Fatalf("sizes %+v", got)
	}
	if got.TextBytes < 300*100 || got.TextBytes > 300*500 {
		t.Errorf("%d bytes of text for 300 passages of 50 tokens", got.TextBytes)
	}
	for i, vectors := range []int64{300 * 50, 300 * 50, 300 * 25} {
		r := got.Rows[i]
		if r.Vectors != vectors {
			t.Errorf("%s: %d vectors, want %d", r.Stored, r.Vectors, vectors)
		}
		near(t, "bytes a vector", r.BytesPerVector, float64(r.FileBytes)/float64(vectors))
		if i > 0 && r.FileBytes >= got.Rows[i-1].FileBytes {
			t.Errorf("%s has %d bytes, %s has %d", r.Stored, r.FileBytes, got.Rows[i-1].Stored, got.Rows[i-1].FileBytes)
		}
	}
}

func TestLatency(t *testing.T) {
	dir, work := abstracts(t, 8), t.TempDir()
	args := []string{"latency", "--data", dir, "--max-tokens", "64", "--work", work, "--passages", "700", "--tokens", "16",
		"--queries", "6", "--exact", "4", "--opens", "2", "--hits", "5"}
	got := measured(t, args...)
	if len(got.Latencies) != 1 {
		t.Fatalf("%d results, want 1", len(got.Latencies))
	}
	l := got.Latencies[0]
	if l.Passages != 700 || l.Queries != 6 || l.ExactQueries != 4 || l.Stored != "4bit" || l.Building == nil || l.FileBytes < 700*16*24 {
		t.Errorf("%+v, building %+v", l, l.Building)
	}
	if !(0 < l.OpenMS && l.OpenMS < l.OpenAndSearchMS && 0 < l.P50MS && l.P50MS <= l.P95MS && 0 < l.ExactP50MS &&
		0 < l.ProcessorP50MS && l.ProcessorP50MS <= l.ProcessorP95MS) {
		t.Errorf("times %+v", l)
	}
	if l.Recall < .8 || l.Recall > 1 {
		t.Errorf("recall %v", l.Recall)
	}
	if runtime.GOOS == "linux" && !(1e6 < l.SteadyBytes && l.SteadyBytes <= l.PeakBytes && l.PeakBytes < 1e9) {
		t.Errorf("memory %d, at most %d", l.SteadyBytes, l.PeakBytes)
	}
	// The second time the store is there.
	if again := measured(t, args...).Latencies[0]; again.Building != nil || again.FileBytes != l.FileBytes || again.Recall != l.Recall {
		t.Errorf("second run %+v, first %+v", again, l)
	}
}

func TestIngest(t *testing.T) {
	dir := abstracts(t, 5)
	got := measured(t, "ingest", "--data", dir, "--max-tokens", "64", "--passages", "600", "--tokens", "16", "--add", "7", "--rounds", "3")
	if len(got.Ingests) != 1 {
		t.Fatalf("%d results, want 1", len(got.Ingests))
	}
	i := got.Ingests[0]
	for _, r := range []rounds{i.Empty, i.Large} {
		if !(0 < r.MedianMS && r.MedianMS <= r.LongestMS && r.MeanMS <= r.LongestMS) {
			t.Errorf("rounds %+v", r)
		}
	}
	if s := i.Share; s == nil || s.Entries != 5 || s.Passages < 5 || !(0 < s.EncodingSeconds && 0 < s.AddingSeconds && 0 < s.Median) {
		t.Errorf("share %+v", i.Share)
	}
	if i.Added != 7 || !(i.EmptySingleMS > 0 && i.LargeSingleMS > 0 && i.EncodingMS > 0) {
		t.Errorf("%+v", i)
	}
}

// The best of the orders' parts must be the rankings that the store gives.
func TestFusion(t *testing.T) {
	dir := abstracts(t, 40)
	const cut = "48"
	got := measured(t, "fusion", "--data", dir, "--max-tokens", cut).Fusions
	if got == nil || len(got.Rows) != len(orders()) || len(got.Collections) != 1 || got.Collections[0] != (fusionCollection{"abstracts", 40, 40}) {
		t.Fatalf("fusions %+v", got)
	}
	named := map[string]float64{}
	for _, row := range got.Rows {
		named[fmt.Sprint(row.Order, row.Candidates)] = row.NDCG10[0]
		if len(row.NDCG10) != 1 || row.NDCG10[0] < .3 || row.NDCG10[0] > 1 {
			t.Errorf("%+v", row)
		}
	}
	if len(named) != len(got.Rows) {
		t.Errorf("%d rows have %d names", len(got.Rows), len(named))
	}
	for _, r := range measured(t, "quality", "--data", dir, "--max-tokens", cut, "--as", "fp32").Collections[0].Results {
		if want, there := map[string]float64{
			"exact":            named["MaxSim0"],
			"lexical":          named["BM250"],
			"hybrid, MaxSim":   named["MaxSim0"],
			"hybrid, weighted": named["0.30 BM25 + 0.70 MaxSim, both min to max100"],
			"hybrid, RRF":      named["reciprocal ranks, constant 60100"],
		}[r.Way]; there {
			near(t, r.Way, r.NDCG10, want)
		}
	}
}

// TestPassages has one document that is long enough for several passages, and a
// query that only its end answers.
func TestPassages(t *testing.T) {
	dir := abstracts(t, 12)
	corpus := filepath.Join(dir, "corpus.jsonl")
	short, err := os.ReadFile(corpus)
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	writeLine(t, &all, map[string]string{"_id": "long", "text": strings.Repeat("The committee met again and postponed its decision. ", 300) +
		"Badgers dig their setts in sandy slopes."})
	all.Write(short)
	if err := os.WriteFile(corpus, all.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	appendTo := func(name, line string) {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(line + "\n"); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	appendTo("queries.jsonl", `{"_id": "qlong", "text": "where do badgers dig?"}`)
	appendTo("qrels.tsv", "qlong\tlong\t1")

	rows := measured(t, "passages", "--data", dir, "--as", "fp16").Passages
	if len(rows) != 1 || rows[0].Stored != "fp16" || rows[0].Documents != 13 || rows[0].Passages < 20 || rows[0].Queries != 13 {
		t.Fatalf("rows %+v", rows)
	}
	if len(rows[0].Found) != len(ways)-1 {
		t.Fatalf("found %+v, want all ways but exact search", rows[0].Found)
	}
	for _, f := range rows[0].Found {
		if f.NDCG10 < .95 || f.NDCG10 > 1 {
			t.Errorf("%s: nDCG %.3f of finding abstracts by their titles, and the end of a long text", f.Way, f.NDCG10)
		}
	}
}

func TestRecall(t *testing.T) {
	dir := abstracts(t, 12)
	rows := measured(t, "recall", "--data", dir, "--max-tokens", "48", "--as", "fp16", "--recall", "0.9,1").Recalls
	if len(rows) != 1 || rows[0].Stored != "fp16" || rows[0].Queries != 12 || len(rows[0].Found) != 2 {
		t.Fatalf("recalls %+v", rows)
	}
	for i, f := range rows[0].Found {
		// So small a store is searched exactly.
		if f.Asked != []float64{.9, 1}[i] || f.OfExact != 1 || f.NDCG10 != rows[0].ExactNDCG10 {
			t.Errorf("%+v", f)
		}
	}
}

func TestAnswer(t *testing.T) {
	dir, work := abstracts(t, 12), t.TempDir()
	args := []string{"answer", "--data", dir, "--work", work, "--entries", "9", "--queries", "3", "--rounds", "2", "--hits", "4"}
	for range 2 { // the second time the index is there
		rows := measured(t, args...).Answers
		if len(rows) != len(asked) {
			t.Fatalf("answers %+v", rows)
		}
		for i, a := range rows {
			if a.Mode != asked[i].String() || a.Documents != 9 || a.Passages < 9 || a.Queries != 3 || a.Rounds != 2 {
				t.Errorf("%+v", a)
			}
			if encodes := asked[i] != store.Lexical; encodes != (a.EncodingP50MS > 0) || !(0 < a.SearchingP50MS && a.SearchingP50MS <= a.SearchingP95MS && 0 < a.P50MS && a.P50MS <= a.P95MS) {
				t.Errorf("times %+v", a)
			}
		}
	}
	kept, err := filepath.Glob(filepath.Join(work, "*"))
	if err != nil || len(kept) != 1 {
		t.Errorf("kept %q, want the index alone (%v)", kept, err)
	}
}

func TestTables(t *testing.T) {
	dir := abstracts(t, 4)
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"quality", "--data", dir, "--as", "fp32,4bit/2"},
			[]string{"- abstracts: 4 documents, 4 queries,", "| collection | stored as | exact | pruned |", "| abstracts | fp32 | 1.0000 (100.0 %) |", "|  | 4bit, pooled by 2 |"}},
		{[]string{"size", "--data", dir, "--documents", "20", "--tokens", "9", "--as", "int8"},
			[]string{"20 documents of 9 vectors each, made from abstracts;", "| int8 | "}},
		{[]string{"latency", "--data", dir, "--passages", "20", "--tokens", "9", "--queries", "2", "--opens", "1"},
			[]string{"20 passages of 9 vectors each", "| search, p95 | ", "| exact's hits that were found, 2 queries | 100.0 % |"}},
		{[]string{"fusion", "--data", dir},
			[]string{"- abstracts: 4 documents, 4 queries", "| order | candidates of each | abstracts | mean |", "| MaxSim | all | 1.0000 | 1.0000 |", "| reciprocal ranks, constant 60 | 100 |"}},
		{[]string{"passages", "--data", dir},
			[]string{"| collection | documents | passages | queries | stored as | pruned |", "| abstracts | 4 | "}},
		{[]string{"recall", "--data", dir, "--as", "4bit", "--recall", "0.95"},
			[]string{"| exact | Recall 0.95 |", "| abstracts | 4 | 4bit | "}},
		{[]string{"answer", "--data", dir, "--queries", "2", "--rounds", "1"},
			[]string{" passages of abstracts, 4bit; 2 queries, each 1 time;", "| pruned | ", "| lexical | ", "| hybrid | "}},
		{[]string{"ingest", "--data", dir, "--passages", "20", "--tokens", "9", "--add", "3", "--rounds", "1", "--entries", "2"},
			[]string{"3 documents of 9 vectors each", "| in one call, median of 1 | ", "Indexing 2 documents ("}},
	} {
		t.Run(c.args[0], func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if code := run(t.Context(), append(c.args, "--max-tokens", "32"), &stdout, &stderr); code != 0 {
				t.Fatalf("exit status %d: %s", code, &stderr)
			}
			for _, want := range c.want {
				if !strings.Contains(stdout.String(), want) {
					t.Errorf("no %q in\n%s", want, &stdout)
				}
			}
		})
	}
}

func TestOverlap(t *testing.T) {
	hits := func(ids ...string) []measure.Hit {
		var list []measure.Hit
		for _, id := range ids {
			list = append(list, measure.Hit{Document: id})
		}
		return list
	}
	want := [][]measure.Hit{hits("a", "b"), hits("c", "d"), nil}
	near(t, "overlap", overlap(want, [][]measure.Hit{hits("b", "x"), hits("d", "c"), hits("y")}), .75)
	near(t, "overlap with nothing", overlap(want, [][]measure.Hit{nil, nil, nil}), 0)
}

func TestCount(t *testing.T) {
	for want, got := range map[string]string{
		"1 query":         count(1, "query"),
		"0 queries":       count(0, "query"),
		"999 threads":     count(999, "thread"),
		"1,792 documents": count(1792, "document"),
		"1,000,000 bits":  count(1000000, "bit"),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestExitStatus(t *testing.T) {
	dir := abstracts(t, 2)
	missing := filepath.Join(dir, "missing")
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"help", []string{"--help"}, 0, "usage: store COMMAND"},
		{"help of a command", []string{"size", "-h"}, 0, "usage: store size --data DIR"},
		{"no command", nil, exitUsage, "expected a command"},
		{"unknown command", []string{"speed"}, exitUsage, `one of quality, passages, fusion, recall, size, latency, answer, ingest, found "speed"`},
		{"no data", []string{"size"}, exitUsage, "--data: expected the folder"},
		{"much data", []string{"size", "--data", dir, "--data", dir}, exitUsage, "expected one collection, found 2"},
		{"unknown flag", []string{"quality", "--date", dir}, exitUsage, "-date"},
		{"argument", []string{"quality", "--data", dir, "more"}, exitUsage, `unexpected argument "more"`},
		{"unknown codec", []string{"quality", "--data", dir, "--as", "fp32,3bit"}, exitUsage, "3bit"},
		{"bad factor", []string{"quality", "--data", dir, "--as", "fp32/1"}, exitUsage, "pooling factor of at least 2"},
		{"negative", []string{"quality", "--data", dir, "--limit", "-1"}, exitUsage, "--limit: expected 0 or more"},
		{"no documents", []string{"size", "--data", dir, "--documents", "0"}, exitUsage, "expected at least 1"},
		{"no passages", []string{"latency", "--data", dir, "--passages", "0"}, exitUsage, "expected at least 1"},
		{"no rounds", []string{"ingest", "--data", dir, "--rounds", "0"}, exitUsage, "expected at least 1"},
		{"no such collection", []string{"quality", "--data", missing}, exitFailure, "no corpus.jsonl"},
		{"no such model", []string{"quality", "--data", dir, "--model", missing}, exitFailure, "missing"},
		{"no such folder", []string{"quality", "--data", dir, "--work", missing}, exitFailure, "missing"},
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
	dir := abstracts(t, 2)
	for _, c := range commands {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		var stdout, stderr bytes.Buffer
		if code := run(ctx, []string{c.name, "--data", dir}, &stdout, &stderr); code != exitInterrupted || stdout.Len() > 0 {
			t.Errorf("%s: exit status %d, output %q; want %d and nothing", c.name, code, &stdout, exitInterrupted)
		}
	}
}
