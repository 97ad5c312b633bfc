//go:build !purego

package simd

// decodeInt8AVX2 is decodeInt8Generic.
func decodeInt8AVX2(dst []float32, codes []byte, scales []float32, dim int) {
	if dim%8 != 0 {
		decodeInt8Generic(dst, codes, scales, dim)
		return
	}
	decodeInt8x8AVX2(dst, codes, scales, dim)
}

// decodeInt8x8AVX2 is decodeInt8Generic where dim is a multiple of eight.
//
//go:noescape
func decodeInt8x8AVX2(dst []float32, codes []byte, scales []float32, dim int)

// residualTable is what the assembly needs to know of residual codes.
type residualTable struct {
	low, high [8]float32 // weights of the codes, from the first again where there are fewer than 16
	shift     [8]uint32  // places of eight codes that follow each other
}

// decodeResidualAVX2 is decodeResidualGeneric.
func decodeResidualAVX2(dst []float32, codes []byte, bits int, weights, scales, centroids []float32, ids []uint16, dim int) {
	if dim%8 != 0 {
		decodeResidualGeneric(dst, codes, bits, weights, scales, centroids, ids, dim)
		return
	}
	var t residualTable
	mask := len(weights) - 1
	for i := range 8 {
		t.low[i], t.high[i] = weights[i&mask], weights[(8+i)&mask]
		t.shift[i] = uint32(i * bits)
	}
	switch bits {
	case 1:
		residual1x8AVX2(dst, codes, &t, scales, centroids, ids, dim)
	case 2:
		residual2x8AVX2(dst, codes, &t, scales, centroids, ids, dim)
	case 4:
		residual4x8AVX2(dst, codes, &t, scales, centroids, ids, dim)
	}
}

// residual1x8AVX2 is decodeResidualGeneric of 1-bit codes where dim is a
// multiple of eight.
//
//go:noescape
func residual1x8AVX2(dst []float32, codes []byte, table *residualTable, scales, centroids []float32, ids []uint16, dim int)

// residual2x8AVX2 is the same of 2-bit codes.
//
//go:noescape
func residual2x8AVX2(dst []float32, codes []byte, table *residualTable, scales, centroids []float32, ids []uint16, dim int)

// residual4x8AVX2 is the same of 4-bit codes.
//
//go:noescape
func residual4x8AVX2(dst []float32, codes []byte, table *residualTable, scales, centroids []float32, ids []uint16, dim int)
