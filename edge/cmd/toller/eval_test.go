package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/eval"
)

// gardenCollection writes a test collection of five documents and two queries.
func gardenCollection(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "garden")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	var corpus strings.Builder
	for i, text := range []string{
		"Tomatoes split when rain follows a long dry spell.",
		"Slugs are kept off lettuce by a ring of sharp sand.",
		"Pears ripen from the inside out and are picked green.",
		"A hedge is cut in late winter, before birds nest.",
		"Water cans from the top down to keep the rose clear.",
	} {
		fmt.Fprintf(&corpus, "{\"_id\": \"d%d\", \"text\": %q}\n", i, text)
	}
	for name, text := range map[string]string{
		"corpus.jsonl":  corpus.String(),
		"queries.jsonl": "{\"_id\": \"q0\", \"text\": \"which crops burst after drought?\"}\n{\"_id\": \"q1\", \"text\": \"slugs lettuce\"}\n",
		"qrels.tsv":     "q0\td0\t1\nq1\td1\t1\nq1\td4\t0\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestEval(t *testing.T) {
	dir := gardenCollection(t)
	saved := filepath.Join(t.TempDir(), "runs")
	var r evalReport
	decode(t, toller(t, "", "eval", dir, "--json", "--measure", "rr,nDCG@10", "--save-runs", saved).want(t, exitOK).stdout, &r)
	if len(r.Collections) != 1 || r.Means != nil || r.Dim != embedded(t).Dim {
		t.Fatalf("found %+v", r)
	}
	c := r.Collections[0]
	if c.Name != "garden" || c.Documents != 5 || c.Queries != 2 || len(c.Rankings) != 4 || c.Cost.Encoded != 5 {
		t.Errorf("found %+v", c)
	}
	for _, row := range c.Rankings {
		// Words alone don't find what cracks.
		want := 1.
		if row.Ranking == eval.BM25 || row.Ranking == eval.Rerank {
			want = .5
		}
		if got := row.Measures["RR"]; math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: RR %v, want %v", row.Ranking, got, want)
		}
	}

	// What was saved gives the same figures, and can be reranked.
	bm25, full := filepath.Join(saved, "garden.bm25.trec"), filepath.Join(saved, "garden.full.trec")
	var compared runComparison
	decode(t, toller(t, "", "eval", "compare", "--json", "--qrels", filepath.Join(dir, "qrels.tsv"), bm25, full, "--measure", "RR").want(t, exitOK).stdout, &compared)
	if len(compared.Runs) != 2 || compared.Runs[0].Measures["RR"].P != nil {
		t.Fatalf("found %+v", compared)
	}
	if v := compared.Runs[1].Measures["RR"]; v.Mean != 1 || *v.Change != .5 || v.Wins != 1 || v.Losses != 0 || *v.P != 1 {
		t.Errorf("the second run: %+v", v)
	}
	again := toller(t, "", "eval", dir, "--rank", "rerank", "--run", full, "--top", "1", "--measure", "RR").want(t, exitOK)
	if !strings.Contains(again.stdout, "toller-full's best 1, reranked  1.0000") {
		t.Errorf("reranked:\n%s", again.stdout)
	}
	refused := toller(t, "", "eval", dir, "--rank", "bm25", "--save-runs", saved).want(t, exitFailure)
	if !strings.Contains(refused.stderr, "garden.bm25.trec exists; --force") || !strings.Contains(refused.stdout, "BM25") {
		t.Errorf("saved twice:\n%s%s", refused.stdout, refused.stderr)
	}
	several := toller(t, "", "eval", dir, dir, "--rank", "bm25").want(t, exitOK).stdout
	if !strings.Contains(several, "means over 2 collections") || !strings.Contains(several, "garden: 5 documents, 2 queries") {
		t.Errorf("several:\n%s", several)
	}
	table := toller(t, "", "eval", "compare", "--qrels", filepath.Join(dir, "qrels.tsv"), bm25, full).want(t, exitOK).stdout
	if strings.Count(table, "better/worse") != len(defaultMeasures) || !strings.Contains(table, "+0.5") {
		t.Errorf("compared:\n%s", table)
	}
}

func TestEvalRefuses(t *testing.T) {
	dir := gardenCollection(t)
	run := filepath.Join(t.TempDir(), "bad.trec")
	if err := os.WriteFile(run, []byte("q0 Q0 elsewhere 1 2 x\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{exitUsage, "expected COLLECTION", nil},
		{exitUsage, `--rank is "best", expected one of: bm25, rerank, full, search`, []string{dir, "--rank", "best"}},
		{exitUsage, `found "F1"`, []string{dir, "--measure", "F1"}},
		{exitUsage, "--top is 0", []string{dir, "--top", "0"}},
		{exitUsage, "--pool is 0", []string{dir, "--pool", "0"}},
		{exitUsage, "--run goes with one collection", []string{dir, dir, "--run", run}},
		{exitFailure, `found "elsewhere"`, []string{dir, "--rank", "rerank", "--run", run}},
		{exitFailure, "no corpus.jsonl", []string{filepath.Dir(dir)}},
		{exitUsage, "--qrels is missing", []string{"compare", run}},
		{exitFailure, "missing", []string{"compare", "--qrels", filepath.Join(dir, "missing"), run}},
		{exitUsage, "--lengths has 0, expected 64", []string{"passkey", "--lengths", "0"}},
		{exitUsage, "--lengths has 63", []string{"passkey", "--lengths", "63"}},
		{exitUsage, `--rank is "rerank"`, []string{"passkey", "--rank", "rerank"}},
		{exitUsage, "--haystack is missing", []string{"needle"}},
		{exitFailure, "expected running text of at least", []string{"needle", "--haystack", filepath.Join(dir, "qrels.tsv"), "--lengths", "64"}},
		{exitUsage, "--rounds is 0", []string{"efficiency", dir, "--rounds", "0"}},
	} {
		if got := toller(t, "", append([]string{"eval"}, c.args...)...).want(t, c.code); !strings.Contains(got.stderr, c.want) {
			t.Errorf("%v: found %q, want %q", c.args, got.stderr, c.want)
		}
	}
}

func TestEvalPasskey(t *testing.T) {
	kept := filepath.Join(t.TempDir(), "kept")
	var r hiddenReport
	decode(t, toller(t, "", "eval", "passkey", "--json", "--lengths", "64,700", "--rank", "bm25,full", "--max-tokens", "100", "--write", kept).want(t, exitOK).stdout, &r)
	if len(r.Lengths) != 2 || r.Lengths[0].Tokens != 64 || r.Lengths[0].Cut != 0 || r.Lengths[1].Cut != 100 {
		t.Fatalf("found %+v", r)
	}
	// Names are words, which BM25 finds wherever they are; a model that reads a
	// seventh of a document doesn't.
	short, long := r.Lengths[0].Accuracy, r.Lengths[1].Accuracy
	if short[eval.BM25] < .9 || short[eval.Full] < .5 || long[eval.Full] >= short[eval.Full] {
		t.Errorf("accuracy %v and %v", short, long)
	}
	if _, err := os.Stat(filepath.Join(kept, "passkey-64", "corpus.jsonl")); err != nil {
		t.Error(err)
	}
	out := toller(t, "", "eval", "needle", "--lengths", "64", "--rank", "bm25", "--haystack", abstracts).want(t, exitOK).stdout
	if !strings.Contains(out, "needle, right answers") {
		t.Errorf("found %q", out)
	}
}

func TestEvalEfficiency(t *testing.T) {
	dir, out := gardenCollection(t), filepath.Join(t.TempDir(), "report")
	var r efficiencyReport
	decode(t, toller(t, "", "eval", "efficiency", dir, "--json", "--rounds", "2", "--models", "builtin,builtin", "--out", out).want(t, exitOK).stdout, &r)
	if len(r.Models) != 2 || r.Models[0].NDCG10 != 1 || r.Models[0].Each["garden"] != 1 || r.Models[0].Seconds <= 0 {
		t.Fatalf("found %+v", r)
	}
	// Table 13 of arXiv 2510.14880 has 275 MB for 48 components and 366 for 64.
	if got, want := r.Models[0].MiB, 366.2*float64(r.Models[0].Dim)/64; math.Abs(got-want) > .1 {
		t.Errorf("%.1f MiB, want %.1f", got, want)
	}
	var file efficiencyReport
	text, err := os.ReadFile(filepath.Join(out, "efficiency.json"))
	if err == nil {
		err = json.Unmarshal(text, &file)
	}
	if err != nil || len(file.Models) != 2 {
		t.Errorf("efficiency.json: %+v, %v", file, err)
	}
	for name, want := range map[string]string{"efficiency.md": "| nDCG@10 | seconds |", "time.svg": "<svg", "memory.svg": "<svg"} {
		if text, err := os.ReadFile(filepath.Join(out, name)); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v in %q", name, err, text)
		}
	}
	toller(t, "", "eval", "efficiency", dir, "--out", out).want(t, exitFailure) // they exist
}
