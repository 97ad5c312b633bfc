package infer

import (
	"math"
	"sync"
)

// rotary holds the cosines and sines of rotary position embedding for one
// base, for as many positions as have been asked for.
//
// The angles follow the float32 arithmetic of the original model code:
// inverse frequency and angle are rounded to float32, then cosine and sine of
// that very angle are taken. With float64 angles a vector's components at
// 32k tokens differ by up to 5e-4.
type rotary struct {
	inverse []float32 // [HeadDim/2] angle per position

	mu     sync.Mutex
	blocks []rotaryBlock
}

// rotaryBlock is the table for rotaryPositions consecutive positions.
type rotaryBlock struct {
	cos, sin []float32 // [rotaryPositions, HeadDim/2]
}

const rotaryPositions = 512

func newRotary(theta float64, headDim int) *rotary {
	r := &rotary{inverse: make([]float32, headDim/2)}
	for d := range r.inverse {
		exponent := float32(2*d) / float32(headDim)
		power := float32(math.Pow(theta, float64(exponent)))
		r.inverse[d] = 1 / power
	}
	return r
}

// table returns blocks that cover positions 0 to n−1.
func (r *rotary) table(n int) []rotaryBlock {
	r.mu.Lock()
	defer r.mu.Unlock()
	half := len(r.inverse)
	for first := len(r.blocks) * rotaryPositions; first < n; first += rotaryPositions {
		b := rotaryBlock{
			cos: make([]float32, rotaryPositions*half),
			sin: make([]float32, rotaryPositions*half),
		}
		for p := range rotaryPositions {
			for d, inverse := range r.inverse {
				sin, cos := math.Sincos(float64(float32(first+p) * inverse))
				b.cos[p*half+d], b.sin[p*half+d] = float32(cos), float32(sin)
			}
		}
		r.blocks = append(r.blocks, b)
	}
	return r.blocks
}

// at returns the cosines and sines of a position of a table.
func (r *rotary) at(table []rotaryBlock, position int) (cos, sin []float32) {
	half := len(r.inverse)
	b, p := table[position/rotaryPositions], position%rotaryPositions
	return b.cos[p*half:][:half], b.sin[p*half:][:half]
}
