package simd

import (
	"math"
	"testing"
)

func TestMaxSim(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for trial := range 200 {
			m, n, dim := r.IntN(40), 1+trial%34, 1+r.IntN(130)
			q, d := normal(r, m*dim), normal(r, n*dim)
			L2Normalize(q, dim)
			L2Normalize(d, dim)
			best, score := make([]int32, m), make([]float32, m)
			BestMatch(best, score, q, d, dim)
			var want float64
			for i := range m {
				at, top := -1, math.Inf(-1)
				for j := range n {
					var dot float64
					for c := range dim {
						dot += float64(q[i*dim+c]) * float64(d[j*dim+c])
					}
					if dot > top {
						at, top = j, dot
					}
				}
				want += top
				near(t, "best product", score[i], top, 1e-6)
				if int(best[i]) != at && math.Abs(float64(score[i])-top) > 1e-6 {
					t.Fatalf("query %d: expected document row %d, found %d", i, at, best[i])
				}
			}
			near(t, "score", MaxSim(q, d, dim), want, 1e-6*float64(m+1))
		}
	})
}

// TestMaxSimRowsAlone demands that a document's vectors give the same maxima to
// the bit one by one and together.
func TestMaxSimRowsAlone(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for n := 1; n <= 30; n++ {
			dim := 1 + r.IntN(70)
			q, d := normal(r, dim), normal(r, n*dim)
			best := negativeInfinity
			for j := range n {
				best = max(best, MaxSim(q, d[j*dim:][:dim], dim))
			}
			if together := MaxSim(q, d, dim); together != best {
				t.Fatalf("%d rows of %d: together %v, one by one %v", n, dim, together, best)
			}
		}
	})
}

func TestMaxSimNegative(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		// A floor of zero under the maxima would show here.
		near(t, "score", MaxSim([]float32{1, 0}, []float32{-1, 0, -0.5, 0}, 2), -0.5, 0)
	})
}

func TestMaxSimEmpty(t *testing.T) {
	if s := MaxSim(nil, []float32{1, 0}, 2); s != 0 {
		t.Errorf("no query vectors: expected 0, found %v", s)
	}
	if s := MaxSim([]float32{1, 0}, nil, 2); !math.IsInf(float64(s), -1) {
		t.Errorf("no document vectors: expected -Inf, found %v", s)
	}
}

func TestBestMatchTies(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		best, score := make([]int32, 1), make([]float32, 1)
		BestMatch(best, score, []float32{1, 0}, []float32{0, 1, 1, 0, 1, 0}, 2)
		if best[0] != 1 || score[0] != 1 {
			t.Errorf("expected row 1, the first of equals, found %d with %v", best[0], score[0])
		}
		BestMatch(best, score, []float32{1, 0}, nil, 2)
		if best[0] != -1 {
			t.Errorf("without document rows: expected -1, found %d", best[0])
		}
	})
}
