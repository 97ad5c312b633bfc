package simd

import (
	"fmt"
	"math"
	"testing"
)

// TestBlockGELU has blocks longer than the gates it takes, and extremes.
func TestBlockGELU(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for _, n := range []int{0, 1, 7, 16, 41, len(ones) - 1, len(ones), len(ones) + 1, 3*len(ones) + 5} {
			x := salted(r, normal(r, n), extremes)
			in := append([]float32(nil), x...)
			BlockGELU(x)
			for i, got := range x {
				v := float64(in[i])
				want := 0.5 * v * (1 + math.Erf(v/math.Sqrt2))
				agree(t, fmt.Sprintf("%d values, gelu(%v)", n, v), got, want, 1e-6*(math.Abs(want)+min(1, math.Abs(v)))+2*subnormal)
			}
		}
	})
}

func TestTanhGELU(t *testing.T) {
	for x := float32(-120); x < 120; x += 0.013 {
		v := []float32{x}
		TanhGELU(v)
		z := float64(x)
		want := 0.5 * z * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(z+0.044715*z*z*z)))
		near(t, "gelu", v[0], want, 1e-6*(1+math.Abs(z)/4))
	}
	for _, x := range []float32{0, -1e30, 1e30, -math.MaxFloat32, math.MaxFloat32} {
		v := []float32{x}
		TanhGELU(v)
		if want := max(x, 0); v[0] != want {
			t.Errorf("gelu(%v): expected %v, found %v", x, want, v[0])
		}
	}
}
