//go:build !purego

package simd

import "math"

// decodeInt8NEON is decodeInt8Generic.
func decodeInt8NEON(dst []float32, codes []byte, scales []float32, dim int) {
	if dim%8 != 0 {
		decodeInt8Generic(dst, codes, scales, dim)
		return
	}
	decodeInt8x8NEON(dst, codes, scales, dim)
}

// decodeInt8x8NEON is decodeInt8Generic where dim is a multiple of eight.
//
//go:noescape
func decodeInt8x8NEON(dst []float32, codes []byte, scales []float32, dim int)

// residualTable is what the assembly needs to know of residual codes.
type residualTable struct {
	planes [4][16]byte // byte 0 of every weight, byte 1, 2 and 3
	bytes  [16]byte    // which byte each of sixteen codes is in
	shift  [16]int8    // how far it goes up to the lowest bit: not at all, or down
	mask   [16]byte    // the bits of a code
}

// decodeResidualNEON is decodeResidualGeneric.
func decodeResidualNEON(dst []float32, codes []byte, bits int, weights, scales, centroids []float32, ids []uint16, dim int) {
	if dim%16 != 0 {
		decodeResidualGeneric(dst, codes, bits, weights, scales, centroids, ids, dim)
		return
	}
	var t residualTable
	for code, w := range weights {
		for i := range t.planes {
			t.planes[i][code] = byte(math.Float32bits(w) >> (8 * i))
		}
	}
	for i := range 16 {
		t.bytes[i] = byte(i * bits / 8)
		t.shift[i] = int8(-(i * bits % 8))
		t.mask[i] = byte(1<<bits - 1)
	}
	switch bits {
	case 1:
		residual1x16NEON(dst, codes, &t, scales, centroids, ids, dim)
	case 2:
		residual2x16NEON(dst, codes, &t, scales, centroids, ids, dim)
	case 4:
		residual4x16NEON(dst, codes, &t, scales, centroids, ids, dim)
	}
}

// residual1x16NEON is decodeResidualGeneric of 1-bit codes where dim is a
// multiple of sixteen.
//
//go:noescape
func residual1x16NEON(dst []float32, codes []byte, table *residualTable, scales, centroids []float32, ids []uint16, dim int)

// residual2x16NEON is the same of 2-bit codes.
//
//go:noescape
func residual2x16NEON(dst []float32, codes []byte, table *residualTable, scales, centroids []float32, ids []uint16, dim int)

// residual4x16NEON is the same of 4-bit codes.
//
//go:noescape
func residual4x16NEON(dst []float32, codes []byte, table *residualTable, scales, centroids []float32, ids []uint16, dim int)
