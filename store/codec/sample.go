package codec

import (
	"context"
	"fmt"
)

// sample is a choice of the rows of vectors x [?, dim].
type sample struct {
	x    []float32
	dim  int
	rows []int32
}

func (s sample) row(i int) []float32 { return s.x[int(s.rows[i])*s.dim:][:s.dim] }

// gather copies rows first to end into dst.
func (s sample) gather(dst []float32, first, end int) {
	for i := first; i < end; i++ {
		copy(dst[(i-first)*s.dim:][:s.dim], s.row(i))
	}
}

// spaced is n rows of s, evenly spaced, or s itself if it has no more.
func (s sample) spaced(n int) sample {
	total := len(s.rows)
	if n >= total {
		return s
	}
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = s.rows[int(int64(i)*int64(total)/int64(n))]
	}
	return sample{s.x, s.dim, rows}
}

// sampleRows is how many rows are worked on between two looks at the context.
const sampleRows = 512

// newSample checks the shape of vectors and takes n rows of them, evenly
// spaced, or all if there are no more. A component of those that can't be
// stored is an error.
func newSample(ctx context.Context, x []float32, dim, n int) (sample, error) {
	if dim < 1 || dim > maxDim {
		return sample{}, fmt.Errorf("codec: dimensions: expected 1 to %d, found %d", maxDim, dim)
	}
	if len(x) == 0 || len(x)%dim != 0 {
		return sample{}, fmt.Errorf("codec: sample: expected at least one vector of %d components, found %d components in all", dim, len(x))
	}
	total := len(x) / dim
	s := sample{x, dim, make([]int32, min(n, total))}
	for i := range s.rows {
		s.rows[i] = int32(int64(i) * int64(total) / int64(len(s.rows)))
		if j, ok := allStorable(s.row(i)); !ok {
			return sample{}, fmt.Errorf("codec: sample: vector %d: component %d: expected a number of at most %d, found %v", s.rows[i], j, maxComponent, s.row(i)[j])
		}
		if i%sampleRows == 0 && ctx.Err() != nil {
			return sample{}, ctx.Err()
		}
	}
	return s, nil
}
