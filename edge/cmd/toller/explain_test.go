package main

import (
	"math"
	"strconv"
	"strings"
	"testing"
)

func explainJSON(t *testing.T, stdin string, args ...string) *explanation {
	t.Helper()
	r := toller(t, stdin, append([]string{"explain", "--json"}, args...)...).want(t, exitOK)
	got := new(explanation)
	decode(t, r.stdout, got)
	return got
}

func TestExplainJSON(t *testing.T) {
	const text = "It is said that calcium supplements reduce the loss of bone mass."
	got := explainJSON(t, "", "calcium supplements reduce the loss of bone", "--text", text)
	if got.Document != "text" || got.Truncated || len(got.Matches) == 0 {
		t.Fatalf("found %+v", got)
	}
	var sum, shares float64
	answers := map[string]string{}
	for _, m := range got.Matches {
		sum += float64(m.Similarity)
		shares += float64(m.Share)
		answers[strings.TrimSpace(m.Query.Text)] = strings.TrimSpace(m.Document.Text)
		for _, span := range m.Document.Spans {
			if span.Of(text) != m.Document.Text {
				t.Errorf("token %q has the span of %q", m.Document.Text, span.Of(text))
			}
		}
		if (m.Query.Name == "") == (len(m.Query.Spans) == 0) {
			t.Errorf("token %+v has both or neither of name and span", m.Query)
		}
	}
	if math.Abs(sum-float64(got.Score)) > 1e-4 || math.Abs(shares-1) > 1e-4 {
		t.Errorf("similarities sum to %g of %g, shares to %g of 1", sum, got.Score, shares)
	}
	if answers["supplements"] != "supplements" || answers["bone"] != "bone" {
		t.Errorf("answers: %v", answers)
	}
}

// The score of a document is the same in both commands.
func TestExplainAgreesWithRank(t *testing.T) {
	few := fewAbstracts(t)
	ranked, _ := rankJSON(t, "", question, few, "-k", "3")
	for _, h := range ranked.Hits {
		got := explainJSON(t, "", question, few, "--name", h.Name)
		if got.Score != h.Score || got.Mean != h.Mean || got.Document != h.Name {
			t.Errorf("explain: %g, %g; rank: %g, %g", got.Score, got.Mean, h.Score, h.Mean)
		}
	}
}

func TestExplainInputs(t *testing.T) {
	const text = "first line\nsecond line\n"
	whole := explainJSON(t, text, "second line")
	if whole.Document != "-" {
		t.Errorf("standard input is called %q", whole.Document)
	}
	given := explainJSON(t, "", "second line", "--text", text)
	if whole.Score != given.Score {
		t.Errorf("standard input scores %g, the same text %g", whole.Score, given.Score)
	}
	line := explainJSON(t, text, "second line", "-", "--name", "-:2")
	if line.Document != "-:2" || line.Score == whole.Score {
		t.Errorf("one line: %+v", line)
	}
	if cut := explainJSON(t, "", "x", "--text", strings.Repeat("word ", 100), "--max-tokens", "20"); !cut.Truncated {
		t.Error("a text of 100 words is not truncated at 20 tokens")
	}
}

func TestExplainPiped(t *testing.T) {
	const text = "it has no bone"
	r := toller(t, "", "explain", text, "--text", text).want(t, exitOK)
	bones := 0
	for _, line := range strings.Split(strings.TrimSuffix(r.stdout, "\n"), "\n") {
		fields := strings.Split(line, "\t")
		if len(fields) != 6 {
			t.Errorf("%q has %d fields, want 6", line, len(fields))
		}
		if fields[0] != "bone" {
			continue
		}
		bones++
		start, _ := strconv.Atoi(fields[4])
		end, err := strconv.Atoi(fields[5])
		// To some tokenizers the space belongs to the word.
		if err != nil || end != len(text) || strings.TrimSpace(text[start:end]) != "bone" || fields[1] != "bone" {
			t.Errorf("bone is answered by %q", line)
		}
	}
	if bones != 1 {
		t.Errorf("%d lines for bone, expected 1: %s", bones, r.stdout)
	}
}
