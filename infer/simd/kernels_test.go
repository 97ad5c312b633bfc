package simd

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"github.com/toller-search/toller/infer/simd/reference"
)

func near(t *testing.T, what string, got float32, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(float64(got)-want) <= tolerance) {
		t.Fatalf("%s: expected %v, found %v", what, want, got)
	}
}

func TestLayerNorm(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for width := 1; width <= 70; width++ {
			const n = 3
			x, weight := normal(r, n*width), normal(r, width)
			for i := range x {
				x[i] = x[i]*3 + 5000 // a mean whose squares would drown the deviations
			}
			in := append([]float32(nil), x...)
			LayerNorm(x, x, weight, 1e-5) // in place
			for row := range n {
				for i, want := range reference.LayerNorm(in[row*width:][:width], weight, 1e-5) {
					near(t, "layer norm", x[row*width+i], want, 1e-5*(1+math.Abs(want)))
				}
			}
		}
	})
}

func TestGeGLU(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		for width := 1; width <= 41; width++ {
			ug, dst := make([]float32, 2*width), make([]float32, width)
			for first := -9.0; first < 9; first += 0.37 {
				for i := range width {
					ug[i] = float32(first + float64(i)*0.011)
					ug[width+i] = 1
				}
				GeGLU(dst, ug, 1, width)
				for i, v := range dst {
					near(t, "gelu", v, reference.GELU(ug[i]), 1e-6)
				}
			}
		}
	})
}

func TestActivations(t *testing.T) {
	for name, f := range map[string]struct {
		got  func([]float32)
		want func(float32) float64
	}{
		"gelu":    {GELU, reference.GELU},
		"silu":    {SiLU, reference.SiLU},
		"sigmoid": {Sigmoid, reference.Sigmoid},
		"tanh":    {Tanh, reference.Tanh},
		"relu":    {ReLU, reference.ReLU},
	} {
		for x := float32(-120); x < 120; x += 0.013 {
			v := []float32{x}
			f.got(v)
			near(t, name, v[0], f.want(x), 1e-6*(1+math.Abs(float64(x))/4))
		}
	}
}

func TestExp(t *testing.T) {
	for x := float32(-88); x < 89; x += 0.0007 {
		want := math.Exp(float64(x))
		if x < minExp {
			want = 0
		}
		if x > maxExp {
			want = math.Inf(1)
		}
		if got := Exp(x); float64(got) != want && !(math.Abs(float64(got)/want-1) <= 2.5e-7) {
			t.Fatalf("exp(%v): expected %v, found %v", x, want, got)
		}
	}
	if v := Exp(float32(math.Inf(-1))); v != 0 {
		t.Errorf("exp(-Inf): expected 0, found %v", v)
	}
}

// softmaxRow is Softmax of a single row.
func softmaxRow(s []float32, scale, before float32) (max, sum float32) {
	maxima, sums := []float32{before}, make([]float32, 1)
	Softmax(s, len(s), len(s), scale, maxima, sums)
	return maxima[0], sums[0]
}

// TestSoftmax takes rows of every length, with maxima inside and before the
// row, and scores so far apart that exponentials vanish.
func TestSoftmax(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for count := 1; count <= 150; count++ {
			for _, spread := range []float32{1, 30, 1000} {
				rows, ld := 1+r.IntN(7), count+r.IntN(5)
				s := normal(r, (rows-1)*ld+count+1)[1:]
				for i := range s {
					s[i] *= spread
				}
				const scale = 0.125
				in := slices.Clone(s)
				max, sum := make([]float32, rows), make([]float32, rows)
				for i := range max {
					max[i] = float32(math.Inf(-1))
					if r.IntN(3) == 0 {
						max[i] = spread
					}
				}
				before := slices.Clone(max)
				Softmax(s, ld, count, scale, max, sum)
				for i := range rows {
					weights, wantMax, wantSum := reference.Softmax(in[i*ld:][:count], scale, before[i])
					if max[i] != wantMax {
						t.Fatalf("length %d, row %d: expected maximum %v, found %v", count, i, wantMax, max[i])
					}
					for j, want := range weights {
						got := s[i*ld+j]
						// The difference to the maximum is rounded to float32, and what
						// is below the smallest normal number is 0.
						near(t, "weight", got, want, want*(3e-7+6e-8*float64(spread))+1.2e-38)
						if got != 0 && got < 0x1p-126 {
							t.Fatalf("length %d, row %d: weight %v is no normal number", count, i, got)
						}
					}
					near(t, "sum", sum[i], wantSum, 1e-5*wantSum+1e-30)
					for j := i*ld + count; j < min((i+1)*ld, len(s)); j++ {
						same(t, "between rows", s[j], in[j])
					}
				}
			}
		}
	})
}

func TestRotate(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for half := 1; half <= 40; half++ {
			const heads = 3
			x, angle := normal(r, heads*2*half), normal(r, half)
			cos, sin := make([]float32, half), make([]float32, half)
			for d, a := range angle {
				cos[d], sin[d] = float32(math.Cos(float64(a))), float32(math.Sin(float64(a)))
			}
			in := append([]float32(nil), x...)
			Rotate(x, cos, sin)
			for head := range heads {
				for i, want := range reference.Rotate(in[head*2*half:][:2*half], cos, sin) {
					near(t, "rotated", x[head*2*half+i], want, 1e-6)
				}
			}
		}
	})
}

func TestScale(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for n := range 40 {
			x := normal(r, n)
			in := append([]float32(nil), x...)
			Scale(x, 0.3)
			for i, v := range x {
				if v != in[i]*0.3 {
					t.Fatalf("length %d: expected %v, found %v", n, in[i]*0.3, v)
				}
			}
		}
	})
}

// TestWiden converts every 16-bit number there is, at every alignment.
func TestWiden(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		for offset := range 3 {
			src := make([]byte, offset, offset+2<<16)
			for bits := range 1 << 16 {
				src = binary.LittleEndian.AppendUint16(src, uint16(bits))
			}
			half, brain := make([]float32, 1<<16), make([]float32, 1<<16)
			Widen(half, F16, src[offset:])
			Widen(brain, BF16, src[offset:])
			for bits := range 1 << 16 {
				same(t, "f16", half[bits], float32(reference.F16(uint16(bits))))
				same(t, "bf16", brain[bits], float32(reference.BF16(uint16(bits))))
			}
		}
		r := newRand(t)
		for n := range 30 {
			data, want := stored(r, F32, n)
			got := make([]float32, n)
			Widen(got, F32, data)
			for i, v := range want {
				same(t, "f32", got[i], v)
			}
		}
	})
}

// same demands equal numbers, to the sign of zero; any NaN equals any other.
func same(t *testing.T, what string, got, want float32) {
	t.Helper()
	if math.Float32bits(got) != math.Float32bits(want) && !(got != got && want != want) {
		t.Fatalf("%s: expected %v, found %v", what, want, got)
	}
}

func TestL2Normalize(t *testing.T) {
	x := []float32{3, 4, 0, 0, 1e-20, 0, -2, 0}
	L2Normalize(x, 2)
	for i, want := range []float64{0.6, 0.8, 0, 0, 1e-8, 0, -1, 0} {
		near(t, "normalised", x[i], want, 1e-7)
	}
}

// TestScaleRows has rows apart, whose gaps must stay as they are.
func TestScaleRows(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for width := range 40 {
			rows, ld := r.IntN(9), width+r.IntN(5)
			x, by := salted(r, normal(r, rows*ld+width), extremes), salted(r, normal(r, rows), extremes)
			for i := range by {
				if i%2 == 0 {
					by[i] = 1
				}
			}
			in := append([]float32(nil), x...)
			ScaleRows(x, ld, width, by)
			for i, v := range x {
				want := in[i]
				if row := i / max(ld, 1); row < rows && i%max(ld, 1) < width {
					want *= by[row]
				}
				same(t, "scaled", v, want)
			}
		}
	})
}
