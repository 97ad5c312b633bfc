package simd

import "math"

var negativeInfinity = float32(math.Inf(-1))

// MaxSim is the late-interaction score of query vectors q [m, dim] and
// document vectors d [n, dim]: Σ over q of the largest dot product with any
// row of d, maxima and sum in float32. Without document vectors each maximum
// is −Inf; without query vectors the score is 0.
func MaxSim(q, d []float32, dim int) float32 {
	m, n := len(q)/dim, len(d)/dim
	if m == 0 {
		return 0
	}
	k := active.Load()
	panels := (m + PanelWidth - 1) / PanelWidth
	packed := borrow(panels * dim * PanelWidth)
	defer scratch.Put(packed)
	clear((*packed)[(panels-1)*dim*PanelWidth:])
	packPanels(*packed, q[:m*dim], dim)

	var sum float32
	var best [PanelWidth]float32
	for p := range panels {
		for j := range best {
			best[j] = negativeInfinity
		}
		k.maxPanel(best[:], d[:n*dim], (*packed)[p*dim*PanelWidth:][:dim*PanelWidth], n, dim)
		for _, v := range best[:min(PanelWidth, m-p*PanelWidth)] {
			sum += v
		}
	}
	return sum
}

// BestMatch finds for each row of q [m, dim] the row of d [n, dim] with the
// largest dot product, the first of equals, and that product. best and score
// hold m values; without document rows they are −1 and −Inf.
func BestMatch(best []int32, score []float32, q, d []float32, dim int) {
	m, n := len(q)/dim, len(d)/dim
	for i := range m {
		best[i], score[i] = -1, negativeInfinity
	}
	if m == 0 || n == 0 {
		return
	}
	const rows = 64
	queries := PackFloat32(m, dim, q)
	products := borrow(min(rows, n) * m)
	defer scratch.Put(products)
	for first := 0; first < n; first += rows {
		count := min(rows, n-first)
		MatMul(*products, d[first*dim:], count, queries)
		for r := range count {
			for i, v := range (*products)[r*m:][:m] {
				if v > score[i] {
					best[i], score[i] = int32(first+r), v
				}
			}
		}
	}
}
