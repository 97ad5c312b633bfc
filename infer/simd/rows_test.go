package simd

import (
	"math"
	"testing"
)

// TestRowsAlone compares kernels that take many rows with what they give for each
// row alone, to the bit: a row must not depend on its neighbours.
func TestRowsAlone(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for _, width := range []int{1, 7, 8, 16, 24, 32, 40, 64, 96, 256, 384} {
			for n := 1; n <= 5; n++ {
				x, weight := normal(r, n*width), normal(r, width)
				normed, inPlace, alone := make([]float32, n*width), append([]float32(nil), x...), make([]float32, n*width)
				LayerNorm(normed, x, weight, 1e-5)
				LayerNorm(inPlace, inPlace, weight, 1e-5)
				for at := 0; at < len(x); at += width {
					LayerNorm(alone[at:][:width], x[at:][:width], weight, 1e-5)
				}
				for i := range alone {
					same(t, "normed among rows", normed[i], alone[i])
					same(t, "normed in place", inPlace[i], alone[i])
				}

				ld, scale := width+3, float32(0.125)
				scores := normal(r, n*ld)
				maxima, sums := normal(r, n), make([]float32, n)
				single, max, sum := append([]float32(nil), scores...), append([]float32(nil), maxima...), make([]float32, n)
				Softmax(scores, ld, width, scale, maxima, sums)
				for row := range n {
					Softmax(single[row*ld:], width, width, scale, max[row:][:1], sum[row:][:1])
					same(t, "maximum", maxima[row], max[row])
					same(t, "sum", sums[row], sum[row])
				}
				for i := range single {
					same(t, "weight", scores[i], single[i])
				}
			}
		}
		LayerNorm(nil, nil, []float32{1}, 1e-5) // no rows at all
	})
}

// TestPackPanel compares panels with what they are defined as.
func TestPackPanel(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for cols := 1; cols <= 70; cols++ {
			ldx := cols + r.IntN(20)
			x := normal(r, (PanelWidth-1)*ldx+cols)
			panel := make([]float32, cols*PanelWidth)
			for i := range panel {
				panel[i] = float32(math.NaN())
			}
			PackPanel(panel, x, ldx)
			for c := range cols {
				for row := range PanelWidth {
					same(t, "value", panel[c*PanelWidth+row], x[row*ldx+c])
				}
			}
		}
	})
}
