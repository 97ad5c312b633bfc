package trec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/eval/measure"
	"github.com/toller-search/toller/testdata"
)

// golden is a random run with ties, with judgements and what trec_eval (by pytrec_eval)
// says of them.
type golden struct {
	Run, Qrels    []string
	Values        map[string]map[string]float64 // by measure and query
	Randomisation struct {
		First, Second string // measures whose values are compared
		Mean, P       float64
	}
}

func readGolden(t *testing.T) *golden {
	t.Helper()
	g := new(golden)
	if err := json.Unmarshal(testdata.Read(t, "trec.json"), g); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestGoldenMeasures(t *testing.T) {
	g := readGolden(t)
	run, err := Read(strings.NewReader(strings.Join(g.Run, "\n")), "run")
	if err != nil {
		t.Fatal(err)
	}
	qrels, err := ReadQrels(strings.NewReader(strings.Join(g.Qrels, "\n")), "qrels")
	if err != nil {
		t.Fatal(err)
	}
	// trec_eval has no cutoff for the reciprocal rank; the definition leaves no choice.
	for _, k := range []int{1, 3, 10} {
		cut := make(map[string]float64)
		for query, value := range g.Values["RR"] {
			if value*float64(k) >= 1-1e-6 {
				cut[query] = value
			} else {
				cut[query] = 0
			}
		}
		g.Values[fmt.Sprint("RR@", k)] = cut
	}
	if len(g.Values) < 30 {
		t.Fatalf("%d measures, want more", len(g.Values))
	}
	for name, values := range g.Values {
		m, err := measure.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		for query, want := range values {
			if got := m.Of(run.Results[query], qrels[query]); math.Abs(got-want) > 1e-8 {
				t.Errorf("%s of %s: got %.9f, want %.9f", name, query, got, want)
			}
		}
	}
}

// The p-value is scipy's, of a million samples.
func TestGoldenSignificance(t *testing.T) {
	g := readGolden(t)
	var first, second []float64
	for _, query := range slices.Sorted(maps.Keys(g.Values["AP"])) {
		first = append(first, g.Values[g.Randomisation.First][query])
		second = append(second, g.Values[g.Randomisation.Second][query])
	}
	d, err := measure.Compare(first, second)
	if err != nil {
		t.Fatal(err)
	}
	if want := g.Randomisation; math.Abs(d.P-want.P) > .004 || math.Abs(d.Mean-want.Mean) > 1e-8 || d.Low >= 0 || d.High <= 0 {
		t.Errorf("got %+v, want %+v", d, want)
	}
}

func TestRunRoundTrip(t *testing.T) {
	run := &Run{Tag: "toller", Results: map[string][]measure.Hit{
		"q2": {{Document: "b", Score: 1.1}, {Document: "a", Score: 1.1}, {Document: "c", Score: math.SmallestNonzeroFloat32}},
		"q1": {{Document: "ü/x", Score: -3e20}},
	}}
	var text bytes.Buffer
	if err := run.Write(&text); err != nil {
		t.Fatal(err)
	}
	if first, _, _ := strings.Cut(text.String(), "\n"); first != "q1 Q0 ü/x 1 -3e+20 toller" {
		t.Errorf("first line %q", first)
	}
	again, err := Read(&text, "run")
	if err != nil || !reflect.DeepEqual(again, run) {
		t.Errorf("got %+v and %v, want %+v", again, err, run)
	}
}

func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "run: expected a result a line",
		"q Q0 d 1 2":                      "run:1: expected 6 fields",
		"q Q0 d 1 much x":                 `run:1: score: expected a number, found "much"`,
		"q Q0 d 1 NaN x":                  `found "NaN"`,
		"q Q0 d 1 2 x\n\nq Q0 d 2 1 x":    `run:3: document: query "q" has "d" twice`,
		"q Q0 \xff 1 2 x":                 "run:1: expected UTF-8",
		"q " + strings.Repeat("a", 2<<20): "run:1: line longer than 1 MiB",
	} {
		if _, err := Read(strings.NewReader(text), "run"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: got %v, want %s", text, err, want)
		}
	}
	for text, want := range map[string]string{
		"":                 "qrels: expected a judgement a line",
		"q d":              "qrels:1: expected 4 fields",
		"q 0 d high":       `qrels:1: grade: expected an integer, found "high"`,
		"q 0 d 1\nq 0 d 2": "qrels:2: grade: query \"q\" and document \"d\" have 2 here and 1 before",
	} {
		if _, err := ReadQrels(strings.NewReader(text), "qrels"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
	beir, err := ReadQrels(strings.NewReader("query-id\tcorpus-id\tscore\nq\td\t2\n"), "qrels")
	if err != nil || beir["q"]["d"] != 2 {
		t.Errorf("BEIR's columns: got %v and %v", beir, err)
	}
	for _, run := range []*Run{
		{Tag: "two words", Results: map[string][]measure.Hit{"q": {{Document: "d"}}}},
		{Tag: "x", Results: map[string][]measure.Hit{"q 1": {{Document: "d"}}}},
		{Tag: "x", Results: map[string][]measure.Hit{"q": {{Document: ""}}}},
	} {
		if err := run.Write(new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), "expected") {
			t.Errorf("%+v: written with %v", run, err)
		}
	}
}
