package codec

import (
	"fmt"

	"github.com/toller-search/toller/infer/simd"
)

// A Scratch holds the buffers of a scoring goroutine, so that scoring many
// passages allocates nothing. The zero value is ready; no two goroutines may
// use one at the same time.
type Scratch struct {
	tile   []float32 // a few decoded vectors
	best   []float32 // a maximum for each query vector
	scales []float32 // of a tile of an int8 or residual code
	ids    []uint16  // of all vectors of a residual code
}

// MaxSim is the late-interaction score of query vectors q [m, dim] and an
// encoded passage: Σ over q of the largest dot product with any vector of the
// passage, in float32. It equals simd.MaxSim of q and Decode's vectors: −Inf
// for a passage without vectors, 0 for a query without. A code that Count
// finds an error in is that error.
func (c *Codec) MaxSim(q []float32, code []byte, s *Scratch) (float32, error) {
	if len(q)%c.dim != 0 {
		return 0, fmt.Errorf("codec: expected query vectors of %d components, found %d components in all", c.dim, len(q))
	}
	n, err := c.check(code, s)
	if err != nil {
		return 0, err
	}
	s.best = grow(s.best, len(q)/c.dim)
	for i := range s.best {
		s.best[i] = negativeInfinity
	}
	// A tile stays in the first-level cache between its decoding and its use.
	tile := simd.TileRows(c.dim)
	s.tile = grow(s.tile, tile*c.dim)
	for first := 0; first < n; first += tile {
		rows := min(tile, n-first)
		c.decode(s.tile, code, first, rows, n, s)
		simd.UpdateMaxima(s.best, q, s.tile[:rows*c.dim], c.dim)
	}
	var sum float32
	for _, v := range s.best {
		sum += v
	}
	return sum, nil
}

// grow returns a slice of n values, s itself where that is long enough. The
// values are undefined.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
