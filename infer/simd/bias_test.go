package simd

import (
	"math"
	"testing"

	"github.com/toller-search/toller/infer/simd/reference"
)

func TestAdd(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for n := range 70 {
			x, y := salted(r, normal(r, n), extremes), salted(r, normal(r, n), extremes)
			want := append([]float32(nil), x...)
			addGeneric(want, y)
			Add(x, y)
			for i, w := range want {
				same(t, "sum", x[i], w)
			}
		}
	})
}

func TestAddBias(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for width := 1; width <= 41; width++ {
			const n = 3
			x, bias := normal(r, n*width), normal(r, width)
			in := append([]float32(nil), x...)
			AddBias(x, bias)
			for i, v := range x {
				same(t, "sum", v, in[i]+bias[i%width])
			}
		}
	})
}

func TestMatMulBias(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for range 60 {
			n, rows, cols := r.IntN(40), 1+r.IntN(50), 1+r.IntN(200)
			x, w, bias := normal(r, n*cols), normal(r, rows*cols), normal(r, rows)
			dst := normal(r, n*rows)
			MatMulBias(dst, x, n, PackFloat32(rows, cols, w), bias)
			for i, v := range dst {
				row, j := i/rows, i%rows
				want, size := reference.Dot(x[row*cols:][:cols], w[j*cols:][:cols])
				near(t, "product", v, want+float64(bias[j]), rounding(cols+1)*(size+math.Abs(float64(bias[j]))))
			}
		}
	})
}

func TestLayerNormBias(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for width := 1; width <= 70; width++ {
			const n = 3
			x, weight, bias := normal(r, n*width), normal(r, width), normal(r, width)
			normed := make([]float32, len(x))
			LayerNorm(normed, x, weight, 1e-12)
			LayerNormBias(x, x, weight, bias, 1e-12) // in place
			for i, v := range x {
				same(t, "layer norm", v, normed[i]+bias[i%width])
			}
		}
	})
}
