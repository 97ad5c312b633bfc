package bm25

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestEnglish(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "",
		"The dogs' bowls":                      "dog bowl",
		"Darwin's finches, Darwin’s FINCHES":   "darwin finche darwin finche",
		"queries are ponies; flies":            "query pony fly",
		"focus glass shoes trees":              "focus glass shoes trees",
		"S phase, pH 7s":                       "s phase ph 7s",
		"does goes aloes":                      "does goes aloes",
		"IL-6 in 1,000 mice":                   "il 6 1 000 mice",
		"naïve Ärzte東京":                        "naïve ärzte東京",
		"don't o'clock 'quoted'":               "don't o'clock quoted",
		"to be or not to be, that is the 's ’": "",
	} {
		if got := strings.Join(English(text), " "); got != want {
			t.Errorf("%q: terms %q, want %q", text, got, want)
		}
	}
}

func TestScores(t *testing.T) {
	index := New(strings.Fields)
	for _, text := range []string{"a b a", "b", "c c c d", ""} {
		index.Add(text)
	}
	if index.Len() != 4 {
		t.Fatalf("%d documents, want 4", index.Len())
	}
	// Mean length 2. "a" is in one of four documents, "b" in two.
	idfA, idfB := math.Log(1+3.5/1.5), math.Log(2)
	a0 := idfA * 2 / (2 + .9*(.6+.4*3/2))
	b0 := idfB * 1 / (1 + .9*(.6+.4*3/2))
	b1 := idfB * 1 / (1 + .9*(.6+.4*1/2))
	for _, c := range []struct {
		query string
		want  []float64
	}{
		{"a", []float64{a0, 0, 0, 0}},
		{"a b", []float64{a0 + b0, b1, 0, 0}},
		{"b b", []float64{2 * b0, 2 * b1, 0, 0}},
		{"unknown", []float64{0, 0, 0, 0}},
		{"", []float64{0, 0, 0, 0}},
	} {
		got := index.Scores(c.query)
		if !slices.EqualFunc(got, c.want, func(g float32, w float64) bool { return math.Abs(float64(g)-w) < 1e-6 }) {
			t.Errorf("%q: scores %v, want %v", c.query, got, c.want)
		}
	}
}

func TestScoresOfNoText(t *testing.T) {
	index := New(English)
	if got := index.Scores("a query"); len(got) != 0 {
		t.Errorf("empty index: scores %v, want none", got)
	}
	index.Add("")
	if got := index.Scores("a query"); !slices.Equal(got, []float32{0}) {
		t.Errorf("empty document: scores %v, want 0", got)
	}
}
