package simd

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/toller-search/toller/infer/simd/reference"
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
				top, at, _ := reference.Maximum(math.Inf(-1), q[i*dim:][:dim], d)
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

// TestUpdateMaxima cuts a document into tiles of any size and demands the maxima
// of one row after the other, to the bit. TestMaxSimExtremes holds them against
// float64.
func TestUpdateMaxima(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for trial := range 200 {
			m, n, dim := r.IntN(50), r.IntN(100), 1+trial%70
			// One past a multiple of the allocation: nothing is aligned.
			q, d := normal(r, m*dim+1)[1:], normal(r, n*dim+1)[1:]
			want, got := normal(r, m+1)[1:], normal(r, m+1)[1:]
			copy(got, want)
			start := slices.Clone(want)
			for j := range n {
				UpdateMaxima(want, q, d[j*dim:][:dim], dim)
			}
			for rest := d; len(rest) > 0; {
				rows := min(1+r.IntN(40), len(rest)/dim)
				UpdateMaxima(got, q, rest[:rows*dim], dim)
				rest = rest[rows*dim:]
			}
			if !slices.Equal(got, want) {
				t.Fatalf("[%d, %d]·[%d, %d]: expected %v, found %v", m, dim, n, dim, want, got)
			}
			UpdateMaxima(start, q, nil, dim)
			UpdateMaxima(start, q, d, dim)
			if !slices.Equal(start, want) {
				t.Fatalf("[%d, %d]·[%d, %d] at once: expected %v, found %v", m, dim, n, dim, want, start)
			}
		}
	})
}

// TestMaxSimF16 demands the score of the widened vectors, to the bit: of any
// bytes, at every alignment, in documents longer than a tile.
func TestMaxSimF16(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for trial := range 200 {
			m, n, dim := r.IntN(40), r.IntN(30), 1+r.IntN(130)
			if trial%10 == 0 {
				n += 3 * TileRows(dim)
			}
			q, offset := normal(r, m*dim), trial%3
			raw := randomBytes(r, offset+2*n*dim)[offset:]
			if trial%2 == 0 { // numbers alone
				for i := 1; i < len(raw); i += 2 {
					raw[i] &^= 0x40
				}
			}
			wide := make([]float32, n*dim)
			for i := range wide {
				wide[i] = float32(reference.F16(binary.LittleEndian.Uint16(raw[2*i:])))
			}
			want := MaxSim(q, wide, dim)
			same(t, fmt.Sprintf("[%d, %d]·[%d, %d]", m, dim, n, dim), MaxSimF16(q, raw, dim), want)
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
	if s := MaxSimF16(nil, []byte{1, 2, 3, 4}, 2); s != 0 {
		t.Errorf("no query vectors, float16: expected 0, found %v", s)
	}
	if s := MaxSimF16([]float32{1, 0}, nil, 2); !math.IsInf(float64(s), -1) {
		t.Errorf("no document vectors, float16: expected -Inf, found %v", s)
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
