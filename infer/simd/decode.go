package simd

import "fmt"

// DecodeInt8 computes dst = scale ⊙ codes for vectors [n, dim] in signed bytes:
// codes holds dim bytes a vector and scales one number, so that component j of
// vector i is scales[i] · int8(codes[i, j]). n is len(scales).
func DecodeInt8(dst []float32, codes []byte, scales []float32, dim int) {
	if dim == 0 { // kernels count down from dim
		return
	}
	n := len(scales)
	active.Load().decodeInt8(dst[:n*dim], codes[:n*dim], scales, dim)
}

// DecodeResidual computes dst = centroid + scale · residual for n = len(ids)
// vectors [n, dim] in the codes of ColBERTv2 (arXiv 2112.01488, section 3.3)
// with a scale for each: vector i is row ids[i] of centroids [c, dim], and to
// each component is added scales[i] times the weight of its code, rounded in
// between.
//
// A code has 1, 2 or 4 bits, and weights one value for each of the 1<<bits
// codes. The codes of a vector take ⌈dim·bits/8⌉ bytes, that of component j in
// bits [j·bits, (j+1)·bits), least significant first.
func DecodeResidual(dst []float32, codes []byte, bits int, weights, scales, centroids []float32, ids []uint16, dim int) {
	if bits != 1 && bits != 2 && bits != 4 {
		panic(fmt.Sprintf("simd: residual codes of %d bits, expected 1, 2 or 4", bits))
	}
	n, count := len(ids), len(centroids)/dim
	for _, id := range ids {
		if int(id) >= count {
			panic(fmt.Sprintf("simd: centroid %d of %d", id, count))
		}
	}
	active.Load().decodeResidual(dst[:n*dim], codes[:n*rowBytes(dim, bits)], bits, weights[:1<<bits], scales[:n], centroids, ids, dim)
}

// rowBytes is the size of a vector's residual codes.
func rowBytes(dim, bits int) int { return (dim*bits + 7) / 8 }
