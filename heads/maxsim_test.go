package heads

import (
	"math"
	"slices"
	"testing"
)

func TestMaxSim(t *testing.T) {
	inf := float32(math.Inf(-1))
	for _, test := range []struct {
		name  string
		q, d  []float32
		score float32
	}{
		{"two by two", []float32{1, 0, 0, 1}, []float32{0.6, 0.8, 0.8, 0.6}, 1.6},
		{"negative maxima count", []float32{1, 0, 0, 1}, []float32{-1, 0, -0.6, 0.8}, 0.2},
		{"all negative", []float32{1, 0}, []float32{-1, 0}, -1},
		{"no query", nil, []float32{1, 0}, 0},
		{"no document", []float32{1, 0}, nil, inf},
		{"nothing", nil, nil, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := MaxSim(test.q, test.d, 2); got != test.score && math.Abs(float64(got-test.score)) > 1e-6 {
				t.Errorf("MaxSim: expected %v, found %v", test.score, got)
			}
		})
	}
}

func TestMaxSimBounds(t *testing.T) {
	r := newRand(t, 4)
	for range 200 {
		dim := 1 + r.IntN(80)
		q, d := textlike(r, 1+r.IntN(40), dim), textlike(r, 1+r.IntN(90), dim)
		mean := MaxSim(q, d, dim) / float32(rows(q, dim))
		if math.Abs(float64(mean)) > 1+1e-6 {
			t.Fatalf("dim %d: a mean of %v", dim, mean)
		}
		more := append(slices.Clone(d), textlike(r, 5, dim)...)
		if MaxSim(q, more, dim) < MaxSim(q, d, dim) {
			t.Fatalf("dim %d: more vectors scored less", dim)
		}
	}
}

func TestExplain(t *testing.T) {
	q := []float32{1, 0, 0, 1, -1, 0}
	d := []float32{0.6, 0.8, 0.8, 0.6, 0.6, 0.8} // rows 0 and 2 are equal
	want := []Match{
		{Query: 0, Document: 1, Similarity: 0.8, Share: 0.8},
		{Query: 1, Document: 0, Similarity: 0.8, Share: 0.8},
		{Query: 2, Document: 0, Similarity: -0.6, Share: -0.6},
	}
	got := Explain(q, d, 2)
	if len(got) != len(want) {
		t.Fatalf("expected %v, found %v", want, got)
	}
	for i, w := range want {
		g := got[i]
		if g.Query != w.Query || g.Document != w.Document ||
			math.Abs(float64(g.Similarity-w.Similarity)) > 1e-6 || math.Abs(float64(g.Share-w.Share)) > 1e-6 {
			t.Errorf("match %d: expected %+v, found %+v", i, w, g)
		}
	}
}

func TestExplainEmpty(t *testing.T) {
	one := []float32{1, 0}
	if m := Explain(nil, one, 2); len(m) != 0 {
		t.Errorf("no query vectors: found %v", m)
	}
	if m := Explain(one, nil, 2); len(m) != 0 {
		t.Errorf("no document vectors: found %v", m)
	}
	// Right angles: the score is 0 and nobody has a share of it.
	if m := Explain(one, []float32{0, 1}, 2); len(m) != 1 || m[0] != (Match{Query: 0, Document: 0}) {
		t.Errorf("right angle: found %v", m)
	}
	nan := float32(math.NaN())
	if m := Explain(one, []float32{nan, nan}, 2); len(m) != 1 || m[0].Document != -1 || m[0].Share != 0 {
		t.Errorf("no numbers: found %v", m)
	}
}

// TestExplainAgainstMaxSim: the similarities are those of the score.
func TestExplainAgainstMaxSim(t *testing.T) {
	r := newRand(t, 8)
	for range 100 {
		dim := 1 + r.IntN(100)
		q, d := textlike(r, 1+r.IntN(50), dim), textlike(r, 1+r.IntN(300), dim)
		var sum float64
		for i, m := range Explain(q, d, dim) {
			sum += float64(m.Similarity)
			best := math.Inf(-1)
			for j := range len(d) / dim {
				best = max(best, dot(float64s(q[i*dim:][:dim]), float64s(d[j*dim:][:dim])))
			}
			if math.Abs(float64(m.Similarity)-best) > 1e-5 {
				t.Fatalf("dim %d, query vector %d: expected %v, found %v", dim, i, best, m.Similarity)
			}
		}
		if score := MaxSim(q, d, dim); math.Abs(sum-float64(score)) > 1e-4 {
			t.Fatalf("dim %d: similarities add up to %v, the score is %v", dim, sum, score)
		}
	}
}
