package codec

import (
	"context"
	"fmt"
	"math"

	"github.com/toller-search/toller/infer/simd"
)

// A Projection reduces vectors to fewer dimensions: those in which a sample of
// them is longest (principal components without centring, since dot products
// are what is to be kept). It may be used by any number of goroutines at once.
type Projection struct {
	from, to int
	rows     []float32 // [to, from], orthonormal, the most important first
	matrix   *simd.Matrix
}

func newProjection(from, to int, rows []float32) *Projection {
	return &Projection{from, to, rows, simd.PackFloat32(to, from, rows)}
}

const (
	// projectionRows is how much of a sample TrainProjection makes use of.
	projectionRows = 1 << 14

	// maxProjected bounds the dimensions of what is projected, since training
	// takes memory and time by their square and cube.
	maxProjected = 1 << 10
)

// TrainProjection finds the projection to that many dimensions for a sample of
// vectors [n, dim], of which it uses 16,384, evenly spaced. dim is at most
// 1,024. A component that is not a finite number, or beyond ±65504, is an
// error, as is the context's end.
func TrainProjection(ctx context.Context, vectors []float32, dim, to int) (*Projection, error) {
	if dim > maxProjected {
		return nil, fmt.Errorf("codec: projection: expected vectors of at most %d dimensions, found %d", maxProjected, dim)
	}
	s, err := newSample(ctx, vectors, dim, projectionRows)
	if err != nil {
		return nil, err
	}
	if to < 1 || to > dim {
		return nil, fmt.Errorf("codec: projection: expected 1 to %d dimensions, found %d", dim, to)
	}
	moment, err := s.moment(ctx)
	if err != nil {
		return nil, err
	}
	axes, err := eigenvectors(ctx, moment, dim)
	if err != nil {
		return nil, err
	}
	rows := make([]float32, to*dim)
	for i := range rows {
		rows[i] = float32(axes[i])
	}
	return newProjection(dim, to, rows), nil
}

// moment is the matrix Σ x·xᵀ [dim, dim] over the rows of s.
func (s sample) moment(ctx context.Context) ([]float64, error) {
	total := make([]float64, s.dim*s.dim)
	part := make([]float32, s.dim*s.dim)
	const products = 1 << 26 // between two looks at the context
	block := max(1, min(sampleRows, products/len(part)))
	columns := make([]float32, s.dim*block)
	for first := 0; first < len(s.rows); first += block {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n := min(block, len(s.rows)-first)
		for i := range n {
			for j, v := range s.row(first + i) {
				columns[j*n+i] = v
			}
		}
		simd.MatMul(part, columns[:s.dim*n], s.dim, simd.PackFloat32(s.dim, n, columns))
		for i, v := range part {
			total[i] += float64(v)
		}
	}
	return total, nil
}

// Dims is the number of components before and after.
func (p *Projection) Dims() (from, to int) { return p.from, p.to }

// Apply returns vectors [n, from] projected [n, to]. Each keeps its length: a
// unit vector becomes one, and a mean that pooling made stays as short as it
// was.
func (p *Projection) Apply(vectors []float32) []float32 {
	n := len(vectors) / p.from
	projected := make([]float32, n*p.to)
	simd.MatMul(projected, vectors, n, p.matrix)
	for i := range n {
		row := projected[i*p.to:][:p.to]
		before, after := length(vectors[i*p.from:][:p.from]), length(row)
		if after == 0 {
			continue // orthogonal to all that is kept
		}
		for j, v := range row {
			row[j] = float32(float64(v) * (before / after))
		}
	}
	return projected
}

func length(x []float32) float64 {
	var squares float64
	for _, v := range x {
		squares += float64(v) * float64(v)
	}
	return math.Sqrt(squares)
}
