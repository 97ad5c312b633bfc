package measure

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// ranked makes a ranking from document ids, best first.
func ranked(ids ...string) []Hit {
	hits := make([]Hit, len(ids))
	for i, id := range ids {
		hits[i] = Hit{Document: id, Score: float32(-i)}
	}
	return hits
}

// Expected values are computed by hand from the definitions; 1/log2(3) is
// .6309297536, 1/log2(5) is .4306765581.
func TestMeasures(t *testing.T) {
	for _, c := range []struct {
		name    string
		ranking []Hit
		grades  map[string]int
		k       int
		ndcg    float64
		recall  float64
		mrr     float64
	}{
		{"first", ranked("a", "b", "c"), map[string]int{"a": 1}, 10, 1, 1, 1},
		{"second", ranked("b", "a", "c"), map[string]int{"a": 1}, 10, .6309297536, 1, .5},
		{"third", ranked("b", "c", "a"), map[string]int{"a": 1}, 10, .5, 1, 1. / 3},
		{"cut before it", ranked("b", "c", "a"), map[string]int{"a": 1}, 2, 0, 0, 0},
		{"cut after it", ranked("b", "c", "a"), map[string]int{"a": 1}, 3, .5, 1, 1. / 3},
		{"half found", ranked("a", "x"), map[string]int{"a": 1, "missing": 1}, 10, 1 / 1.6309297536, .5, 1},
		// Found 1 and 2 at ranks 1 and 3: 1 + 2/2; ideal 2 + 1/log2(3).
		{"graded", ranked("low", "x", "high"), map[string]int{"low": 1, "high": 2}, 10, 2 / 2.6309297536, 1, 1},
		{"graded, best order", ranked("high", "low"), map[string]int{"low": 1, "high": 2}, 10, 1, 1, 1},
		// The ideal is cut at k too: only one of three can be shown.
		{"more relevant than k", ranked("a", "b"), map[string]int{"a": 1, "b": 1, "c": 1}, 1, 1, 1. / 3, 1},
		{"grade zero is irrelevant", ranked("zero", "a"), map[string]int{"zero": 0, "a": 1}, 10, .6309297536, 1, .5},
		{"negative is irrelevant", ranked("spam", "a"), map[string]int{"spam": -2, "a": 1}, 10, .6309297536, 1, .5},
		{"two of three", ranked("a", "x", "y", "b"), map[string]int{"a": 1, "b": 1, "c": 1}, 4,
			1.4306765581 / (1.6309297536 + .5), 2. / 3, 1},
		{"nothing relevant", ranked("a"), map[string]int{"a": 0}, 10, 0, 0, 0},
		{"no judgements", ranked("a"), nil, 10, 0, 0, 0},
		{"no results", nil, map[string]int{"a": 1}, 10, 0, 0, 0},
		{"nothing shown", ranked("a"), map[string]int{"a": 1}, 0, 0, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			near(t, "nDCG", NDCG(c.ranking, c.grades, c.k), c.ndcg)
			near(t, "recall", Recall(c.ranking, c.grades, c.k), c.recall)
			near(t, "MRR", MRR(c.ranking, c.grades, c.k), c.mrr)
		})
	}
}

func near(t *testing.T, measure string, got, want float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > 1e-9 {
		t.Errorf("%s %.10f, want %.10f", measure, got, want)
	}
}

func TestTopBreaksTiesByDescendingID(t *testing.T) {
	top := NewTop(3, "q")
	for _, id := range []string{"d2", "d10", "d9", "d1"} {
		top.Offer(id, 1)
	}
	if got, want := fmt.Sprint(top.Ranking()), "[{d9 1} {d2 1} {d10 1}]"; got != want {
		t.Errorf("ranking %s, want %s", got, want)
	}
}

// A document that is the query itself takes no place, even where it is the
// best and the ranking is full.
func TestTopLeavesQueryOut(t *testing.T) {
	top := NewTop(2, "d1")
	for i, id := range []string{"d1", "d2", "d3"} {
		top.Offer(id, float32(9-i))
	}
	if got, want := fmt.Sprint(top.Ranking()), "[{d2 8} {d3 7}]"; got != want {
		t.Errorf("ranking %s, want %s", got, want)
	}
}

func TestTopIsSortedPrefix(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		all := make([]Hit, random.IntN(60))
		for i := range all {
			// Few different scores, so that many are tied.
			all[i] = Hit{Document: fmt.Sprint(i), Score: float32(random.IntN(7)) - 3}
		}
		k := random.IntN(70)
		top := NewTop(k, "none")
		for _, i := range random.Perm(len(all)) {
			top.Offer(all[i].Document, all[i].Score)
		}
		slices.SortFunc(all, func(a, b Hit) int {
			return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.Document, a.Document))
		})
		if got, want := top.Ranking(), all[:min(k, len(all))]; !slices.Equal(got, want) {
			t.Fatalf("k %d: ranking %v, want %v", k, got, want)
		}
	}
}

func TestParse(t *testing.T) {
	for name, want := range map[string]string{"ndcg@10": "nDCG@10", "AP": "AP", " rr@5 ": "RR@5", "r@100": "R@100", "p@1": "P@1", "success@3": "Success@3"} {
		if m, err := Parse(name); err != nil || m.String() != want {
			t.Errorf("%q: got %v and %v, want %s", name, m, err, want)
		}
	}
	for _, name := range []string{"", "F1@3", "nDCG@", "nDCG@0", "nDCG@ten", "P", "Success"} {
		if m, err := Parse(name); err == nil {
			t.Errorf("%q: got %v, want an error", name, m)
		}
	}
}

func TestCompare(t *testing.T) {
	if _, err := Compare([]float64{1}, nil); err == nil {
		t.Error("compared values of different queries")
	}
	same := []float64{.1, .5, .9}
	if d, err := Compare(same, same); err != nil || d.P != 1 || d.Mean != 0 || d.Wins+d.Losses != 0 {
		t.Errorf("alike: got %+v and %v", d, err)
	}
	// Five wins of five: two of the 32 assignments of signs are as extreme.
	better := []float64{.2, .3, .4, .5, .6}
	d, err := Compare(make([]float64, 5), better)
	if err != nil || math.Abs(d.P-2./32) > .004 || math.Abs(d.Mean-.4) > 1e-12 || d.Wins != 5 || d.Low < .2 || d.High > .6 {
		t.Errorf("five wins: got %+v and %v", d, err)
	}
}
