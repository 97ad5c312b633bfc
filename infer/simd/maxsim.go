package simd

import "math"

var negativeInfinity = float32(math.Inf(-1))

// A product that is NaN counts as smaller than every number in all functions of
// this file: a broken vector is never the best match of anything.

// MaxSim is the late-interaction score of query vectors q [m, dim] and
// document vectors d [n, dim]: Σ over q of the largest dot product with any
// row of d, maxima and sum in float32. Without document vectors each maximum
// is −Inf; without query vectors the score is 0.
func MaxSim(q, d []float32, dim int) float32 {
	m := len(q) / dim
	buffer := borrow(m)
	defer scratch.Put(buffer)
	best := *buffer
	for i := range best {
		best[i] = negativeInfinity
	}
	UpdateMaxima(best, q, d, dim)
	return sum(best)
}

// MaxSimF16 is MaxSim of document vectors d [n, dim] in little-endian
// binary16, of any alignment. They are widened a few rows at a time, into the
// first-level cache, and multiplied and summed in float32.
func MaxSimF16(q []float32, d []byte, dim int) float32 {
	m, n := len(q)/dim, len(d)/(2*dim)
	k := active.Load()
	rows := TileRows(dim)
	size := panelCount(m) * dim * PanelWidth
	buffer := borrow(size + m + rows*dim)
	defer scratch.Put(buffer)
	packed, best, tile := (*buffer)[:size], (*buffer)[size:][:m], (*buffer)[size+m:]
	packQueries(k, packed, q[:m*dim], dim)
	for i := range best {
		best[i] = negativeInfinity
	}
	for first := 0; first < n; first += rows {
		wide := tile[:min(rows, n-first)*dim]
		k.widenF16(wide, d[2*first*dim:][:2*len(wide)])
		raise(k, best, packed, wide, dim)
	}
	return sum(best)
}

// UpdateMaxima raises best[i] to the largest dot product of row i of
// q [len(best), dim] with any row of d [n, dim]. It is MaxSim for document
// vectors that come in tiles: the caller starts with −Inf everywhere and in the
// end adds the maxima up. Maxima don't depend on how the rows are cut into
// tiles. A call costs as much as about four more rows, so that tiles should not
// be small: TileRows tells. best must not hold NaN.
func UpdateMaxima(best, q, d []float32, dim int) {
	m := len(best)
	k := active.Load()
	packed := borrow(panelCount(m) * dim * PanelWidth)
	defer scratch.Put(packed)
	packQueries(k, *packed, q[:m*dim], dim)
	raise(k, best, *packed, d, dim)
}

// TileRows is the number of document rows to decode at a time for
// UpdateMaxima: they fill about half of the smallest first-level cache, 32 KiB,
// and are a multiple of the 24, 6 or 4 rows that the instruction sets take at
// once.
func TileRows(dim int) int { return max(1, 4096/dim/24) * 24 }

// packQueries lays query vectors out in panels, the last filled up with zeros.
func packQueries(k *kernels, packed, q []float32, dim int) {
	const width = PanelWidth
	for len(q) >= width*dim {
		k.packPanel(packed[:width*dim], q[:width*dim], dim)
		packed, q = packed[width*dim:], q[width*dim:]
	}
	clear(packed) // nobody reads the products of what was there, but subnormal numbers take time
	packPanels(packed, q, dim)
}

// raise is UpdateMaxima of a query laid out in panels.
func raise(k *kernels, best, packed, d []float32, dim int) {
	n := len(d) / dim
	if n == 0 {
		return
	}
	d = d[:n*dim]
	for len(best) > 0 {
		max, count := k.maxPanel, 1
		if k.maxPair != nil && len(best) > PanelWidth {
			max, count = k.maxPair, 2
		}
		width := count * PanelWidth
		part := packed[:width*dim]
		if len(best) < width {
			var last [2 * PanelWidth]float32
			copy(last[:], best)
			max(last[:width], d, part, n, dim)
			copy(best, last[:])
			return
		}
		max(best[:width], d, part, n, dim)
		best, packed = best[width:], packed[len(part):]
	}
}

func sum(x []float32) (sum float32) {
	for _, v := range x {
		sum += v
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
