//go:build !purego && (amd64 || arm64)

package simd

import "math"

// vectorConstants are numbers that assembly needs in all eight lanes, of one
// AVX2 register or of two of NEON; AVX-512 broadcasts the first. The offsets in
// avx2_amd64.s follow the order of the fields, 32 bytes each; the other sets
// take the fields by their names.
type vectorConstants struct {
	log2e, ln2High, ln2Low, minExp [8]float32
	exp                            [6][8]float32 // exp7 down to exp2
	one, half, sqrtHalf            [8]float32
	maxErf, minErf                 [8]float32
	erfP                           [7][8]float32 // erfP6 down to erfP0
	erfQ                           [5][8]float32 // erfQ4 down to erfQ0
	bias                           [8]int32      // of a float32's exponent
	mask                           [16]int32     // eight lanes on, eight off
	ln2                            [8]float32
	expShort                       [4][8]float32 // expShort6 down to expShort3
}

var vectors = vectorConstants{
	log2e: lanes(log2e), ln2High: lanes(ln2High), ln2Low: lanes(ln2Low), minExp: lanes(minExp),
	exp: [6][8]float32{lanes(exp7), lanes(exp6), lanes(exp5), lanes(exp4), lanes(exp3), lanes(exp2)},
	one: lanes(1), half: lanes(0.5), sqrtHalf: lanes(1 / math.Sqrt2),
	maxErf: lanes(maxErf), minErf: lanes(-maxErf),
	erfP: [7][8]float32{lanes(erfP6), lanes(erfP5), lanes(erfP4), lanes(erfP3), lanes(erfP2), lanes(erfP1), lanes(erfP0)},
	erfQ: [5][8]float32{lanes(erfQ4), lanes(erfQ3), lanes(erfQ2), lanes(erfQ1), lanes(erfQ0)},
	bias: [8]int32{127, 127, 127, 127, 127, 127, 127, 127},
	mask: [16]int32{-1, -1, -1, -1, -1, -1, -1, -1},
	ln2:  lanes(math.Ln2), expShort: [4][8]float32{lanes(expShort6), lanes(expShort5), lanes(expShort4), lanes(expShort3)},
}

func lanes(v float32) [8]float32 { return [8]float32{v, v, v, v, v, v, v, v} }
