package simd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/toller-search/toller/infer/simd/reference"
)

// The edges of float32. Where sums overflow depends on their order, so largest
// is for kernels that don't add up.
var (
	tiny     = []float32{0, float32(math.Copysign(0, -1)), math.SmallestNonzeroFloat32, -0x1p-127, 0x1p-126}
	infinite = []float32{float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN())}
	largest  = []float32{math.MaxFloat32, -math.MaxFloat32}

	special  = append(infinite, tiny...)
	extremes = append(largest, special...)
)

// subnormal is the distance of neighbours below the smallest normal float32.
const subnormal = math.SmallestNonzeroFloat32

// salted puts the given numbers in about every sixteenth place of x.
func salted(r *rand.Rand, x, numbers []float32) []float32 {
	for i := range x {
		if r.IntN(16) == 0 {
			x[i] = numbers[r.IntN(len(numbers))]
		}
	}
	return x
}

// agree is near for any numbers: NaN must be NaN, and what float32 can't hold
// an infinity of the same sign.
func agree(t *testing.T, what string, got float32, want, tolerance float64) {
	t.Helper()
	switch {
	case math.IsNaN(want):
		if got == got {
			t.Fatalf("%s: expected NaN, found %v", what, got)
		}
	case math.Abs(want) > math.MaxFloat32:
		if float64(got) != math.Inf(int(math.Copysign(1, want))) {
			t.Fatalf("%s: expected infinity for %v, found %v", what, want, got)
		}
	default:
		near(t, what, got, want, tolerance)
	}
}

func TestMatMulExtremes(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for trial := range 200 {
			n, rows, cols := 1+trial%34, 1+r.IntN(40), 1+r.IntN(40)
			dtype := DType(r.IntN(3))
			x := salted(r, normal(r, n*cols), special)
			data, w := stored(r, dtype, rows*cols, special...)
			m, err := Pack(dtype, rows, cols, data)
			if err != nil {
				t.Fatal(err)
			}
			dst := salted(r, normal(r, n*rows), special) // must not shine through
			MatMul(dst, x, n, m)
			for i, got := range dst {
				want, size := reference.Dot(x[i/rows*cols:][:cols], w[i%rows*cols:][:cols])
				agree(t, fmt.Sprintf("type %d, [%d, %d]", dtype, i/rows, i%rows), got, want, rounding(cols)*size+float64(cols)*subnormal)
			}
		}
	})
}

func TestLayerNormExtremes(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for trial := range 600 {
			width := 1 + r.IntN(70)
			numbers := [][]float32{tiny, largest, special}[trial%3]
			x, weight := salted(r, normal(r, width), numbers), salted(r, normal(r, width), tiny)
			if trial%2 == 0 {
				for i := range x {
					x[i] = tiny[r.IntN(len(tiny))]
				}
			}
			dst := make([]float32, width)
			LayerNorm(dst, x, weight, 1e-5)
			for i, want := range reference.LayerNorm(x, weight, 1e-5) {
				agree(t, fmt.Sprintf("width %d, of %v", width, x[i]), dst[i], want, 1e-6*math.Abs(want)+1e-13*math.Abs(float64(weight[i]))+2*subnormal)
			}
		}
	})
}

func TestGeGLUExtremes(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for width := 1; width <= 41; width++ {
			ug := make([]float32, 2*width)
			u, g := ug[:width], ug[width:]
			for i := range width {
				u[i], g[i] = extremes[r.IntN(len(extremes))], 0.5
				if i%2 == 0 {
					u[i], g[i] = r.Float32()*8-3, extremes[r.IntN(len(extremes))]
				}
			}
			dst := make([]float32, width)
			GeGLU(dst, ug, 1, width)
			for i, got := range dst {
				x := float64(u[i])
				want := reference.GeGLU(u[i], g[i])
				tolerance := 1e-6*(math.Abs(want)+min(1, math.Abs(x))*math.Abs(float64(g[i]))) + 2*subnormal
				agree(t, fmt.Sprintf("width %d, gelu(%v)·%v", width, u[i], g[i]), got, want, tolerance)
			}
		}
	})
}

// TestSoftmaxExtremes has scores of −Inf, as masks make them, and others whose
// difference is more than float32 holds.
func TestSoftmaxExtremes(t *testing.T) {
	numbers := append(append([]float32{float32(math.Inf(-1))}, tiny...), largest...)
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for n := 1; n <= 70; n++ {
			for trial := range 6 {
				s := salted(r, normal(r, n), numbers[:len(numbers)-2*(trial%2)])
				s[r.IntN(n)] = 1 // one at least is finite
				before := float32(math.Inf(-1))
				if trial%3 == 0 {
					before = 1
				}
				in := append([]float32(nil), s...)
				const scale = 0.125
				weights, wantMax, wantSum := reference.Softmax(in, scale, before)
				newMax, sum := softmaxRow(s, scale, before)
				if newMax != wantMax {
					t.Fatalf("%v: expected maximum %v, found %v", in, wantMax, newMax)
				}
				for i, want := range weights {
					v := in[i]
					below := float64(v)*scale - float64(wantMax)
					tolerance := 1.2e-38
					if want > 0 {
						tolerance += want * (3e-7 - 1.2e-7*below)
					}
					near(t, fmt.Sprintf("weight of %v below %v", v, wantMax), s[i], want, tolerance)
				}
				near(t, "sum", sum, wantSum, 1e-5*wantSum+1e-30)
			}
		}
	})
}

func TestRotateExtremes(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for half := 1; half <= 40; half++ {
			x := salted(r, normal(r, 2*half), extremes)
			cos, sin := make([]float32, half), make([]float32, half)
			for d := range half {
				angle := r.Float64() * 7
				if d%5 == 0 {
					angle = 0
				}
				cos[d], sin[d] = float32(math.Cos(angle)), float32(math.Sin(angle))
			}
			in := append([]float32(nil), x...)
			Rotate(x, cos, sin)
			for i, want := range reference.Rotate(in, cos, sin) {
				a, b := in[i%half], in[half+i%half]
				tolerance := 2e-7*(math.Abs(float64(a))+math.Abs(float64(b))) + 2*subnormal
				agree(t, fmt.Sprintf("%d of %v, %v", i, a, b), x[i], want, tolerance)
			}
		}
	})
}

func TestScaleExtremes(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for n := range 40 {
			for _, by := range append([]float32{0.3, -2}, extremes...) {
				x := salted(r, normal(r, n), extremes)
				in := append([]float32(nil), x...)
				Scale(x, by)
				for i, v := range x {
					same(t, fmt.Sprintf("%v · %v", in[i], by), v, in[i]*by)
				}
			}
		}
	})
}

// TestMaxSimExtremes holds maxima of hostile vectors against float64: a product
// that is NaN raises nothing, wherever it comes.
func TestMaxSimExtremes(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for trial := range 300 {
			m, n, dim := 1+r.IntN(40), trial%34, 1+r.IntN(70)
			q, d := salted(r, normal(r, m*dim), tiny), salted(r, normal(r, n*dim), special)
			if trial%3 == 0 {
				q = salted(r, q, infinite)
			}
			got := salted(r, make([]float32, m), []float32{1, float32(math.Inf(1)), float32(math.Inf(-1))})
			want, size := make([]float64, m), 0.0
			for i := range m {
				best, _, s := reference.Maximum(float64(got[i]), q[i*dim:][:dim], d)
				want[i], size = best, max(size, s)
			}
			UpdateMaxima(got, q, d, dim)
			for i, v := range got {
				agree(t, fmt.Sprintf("[%d, %d]·[%d, %d], maximum %d", m, dim, n, dim, i), v, want[i], rounding(dim)*size+float64(dim)*subnormal)
			}
		}
		nan := float32(math.NaN())
		if v := MaxSim([]float32{1, 1}, []float32{nan, 1, nan, nan}, 2); !math.IsInf(float64(v), -1) {
			t.Errorf("no product is a number: expected -Inf, found %v", v)
		}
		half := []byte{0, 0x7e, 0, 0x7e, 0, 0x3c, 0, 0x3c}
		near(t, "score beside NaN in float16", MaxSimF16([]float32{-1, -1}, half, 2), -2, 0)
	})
}
