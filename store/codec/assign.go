package codec

import (
	"sync"

	"github.com/toller-search/toller/infer/simd"
)

// A vector's centroid is looked for in the cell with the nearest middle and in
// those, up to maxProbes, whose middles are at most 1+slack times as far, by
// 1 − cos. Of slack 0, 0.05, 0.1, 0.15, 0.2 and 0.3, 0.15 is where more begins
// to cost time and to change little: with 4,096 and 16,384 centroids of real
// vectors 93 and 97 % find the very nearest one (82 and 87 % with 0, 95 and 98 %
// with 0.3) at two cells each and 20 and 36 kFLOP a vector.
const (
	slack     = 0.15
	maxProbes = 8
)

// Assign sets ids[i] to the centroid nearest to row i of vectors [n, Dim]: that
// of the largest dot product. It looks only into the nearest cells, one or two
// for most vectors, and finds the very nearest for more than nine vectors of
// ten, otherwise one that is a little farther. The result doesn't depend on the other rows. Rows
// that are not finite get a centroid nonetheless.
func (b *Codebook) Assign(ids []uint16, vectors []float32) {
	a := assigners.Get().(*assigner)
	defer assigners.Put(a)
	const rows = 512 // bounds the buffers
	n := len(vectors) / b.dim
	for first := 0; first < n; first += rows {
		end := min(first+rows, n)
		a.assign(b, ids[first:end], vectors[first*b.dim:end*b.dim])
	}
}

var assigners = sync.Pool{New: func() any { return new(assigner) }}

// assigner holds the buffers of Assign.
type assigner struct {
	products []float32
	probes   []uint16 // the cells to look into, row after row
	ends     []int32  // row -> end of its probes
	starts   []int32  // cell -> start of its rows
	rows     []int32  // the rows that look into each cell, cell after cell
	gathered []float32
	best     []float32 // row -> largest product so far
}

// assign goes cell by cell, multiplying the vectors that look into it with its
// centroids.
func (a *assigner) assign(b *Codebook, ids []uint16, x []float32) {
	n, dim := len(ids), b.dim
	a.probe(b, n, x)
	a.best = grow(a.best, n)
	for i := range n {
		ids[i], a.best[i] = 0, negativeInfinity
	}
	for k, members := range b.members {
		rows := a.rows[a.starts[k]:a.starts[k+1]]
		if len(rows) == 0 {
			continue
		}
		a.gathered = grow(a.gathered, len(rows)*dim)
		for i, r := range rows {
			copy(a.gathered[i*dim:][:dim], x[int(r)*dim:])
		}
		size := members.Rows()
		a.products = grow(a.products, len(rows)*size)
		simd.MatMul(a.products, a.gathered, len(rows), members)
		for i, r := range rows {
			at, product := largest(a.products[i*size:][:size])
			if product > a.best[r] {
				ids[r], a.best[r] = uint16(int(b.cells[k])+at), product
			}
		}
	}
}

// probe chooses the cells for n vectors and sorts the vectors by them.
func (a *assigner) probe(b *Codebook, n int, x []float32) {
	cells := len(b.members)
	a.products = grow(a.products, n*cells)
	simd.MatMul(a.products, x, n, b.middles)
	a.probes, a.ends = a.probes[:0], grow(a.ends, n)
	for i := range n {
		a.probes = near(a.probes, a.products[i*cells:][:cells])
		a.ends[i] = int32(len(a.probes))
	}

	// A counting sort: starts is shifted by one cell while rows is filled.
	a.starts = grow(a.starts, cells+2)
	clear(a.starts)
	for _, cell := range a.probes {
		a.starts[cell+2]++
	}
	for k := range cells {
		a.starts[k+1] += a.starts[k]
	}
	a.rows = grow(a.rows, len(a.probes))
	var next int32
	for i, end := range a.ends {
		for ; next < end; next++ {
			at := &a.starts[a.probes[next]+1]
			a.rows[*at] = int32(i)
			*at++
		}
	}
}

// near appends the cells to look into, given the products with all middles.
func near(dst []uint16, products []float32) []uint16 {
	start := len(dst)
	_, best := largest(products)
	for width := slack * max(0, 1-best); ; width /= 2 {
		for k, v := range products {
			if v >= best-width {
				dst = append(dst, uint16(k))
			}
		}
		if len(dst)-start <= maxProbes {
			return dst
		}
		if best-width == best {
			return dst[:start+maxProbes] // as near as each other
		}
		dst = dst[:start]
	}
}

// largest is the first of the largest values of x, and its index.
func largest(x []float32) (at int, value float32) {
	value = x[0]
	for i, v := range x {
		if v > value {
			at, value = i, v
		}
	}
	return at, value
}
