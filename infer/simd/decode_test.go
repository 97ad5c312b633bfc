package simd

import (
	"fmt"
	"testing"

	"github.com/toller-search/toller/infer/simd/reference"
)

// TestDecodeInt8 takes dimensions with every tail, scales of every size, and
// all codes.
func TestDecodeInt8(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for dim := 1; dim <= 130; dim++ {
			n := r.IntN(9)
			codes := randomBytes(r, n*dim+1)[1:] // not aligned
			scales := salted(r, normal(r, n), extremes)
			got := normal(r, n*dim+1)[1:]
			DecodeInt8(got, codes, scales, dim)
			for i, s := range scales {
				for j, want := range reference.Int8(codes[i*dim:][:dim], s) {
					same(t, fmt.Sprintf("dim %d, [%d, %d]", dim, i, j), got[i*dim+j], want)
				}
			}
		}
	})
}

// TestDecodeResidual takes any codes of vectors with any centroids.
func TestDecodeResidual(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		r := newRand(t)
		for dim := 1; dim <= 130; dim++ {
			for _, bits := range []int{1, 2, 4} {
				n, count := r.IntN(9), 1+r.IntN(40)
				if dim == 16 && bits == 4 {
					count = 1 << 16 // as many as ids tell apart
				}
				centroids, weights := salted(r, normal(r, count*dim+1), extremes)[1:], salted(r, normal(r, 1<<bits), extremes)
				scales := salted(r, normal(r, n), extremes)
				size := (dim*bits + 7) / 8
				codes := randomBytes(r, n*size+1)[1:] // bits after the last code are noise
				ids := make([]uint16, n)
				for i := range ids {
					ids[i] = uint16(r.IntN(count))
					if i == 0 {
						ids[i] = uint16(count - 1)
					}
				}
				got := normal(r, n*dim+1)[1:]
				DecodeResidual(got, codes, bits, weights, scales, centroids, ids, dim)
				for i, id := range ids {
					want := reference.Residual(codes[i*size:][:size], bits, weights, scales[i], centroids[int(id)*dim:][:dim])
					for j, w := range want {
						same(t, fmt.Sprintf("%d bits, dim %d, [%d, %d]", bits, dim, i, j), got[i*dim+j], w)
					}
				}
			}
		}
	})
}

func TestDecodeInt8NoDimensions(t *testing.T) {
	eachSet(t, func(t *testing.T) { DecodeInt8(nil, nil, []float32{1}, 0) })
}

// TestDecodeRefuses: what would read beyond a slice panics before.
func TestDecodeRefuses(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		const dim = 48
		dst, codes, weights, centroids := make([]float32, 2*dim), make([]byte, dim), make([]float32, 16), make([]float32, 3*dim)
		scales := make([]float32, 2)
		for name, call := range map[string]func(){
			"a centroid too far": func() { DecodeResidual(dst, codes, 4, weights, scales, centroids, []uint16{0, 3}, dim) },
			"bits":               func() { DecodeResidual(dst, codes, 3, weights, scales, centroids, []uint16{0}, dim) },
			"weights":            func() { DecodeResidual(dst, codes, 4, weights[:15:15], scales, centroids, []uint16{0}, dim) },
			"scales":             func() { DecodeResidual(dst, codes, 4, weights, scales[:1:1], centroids, []uint16{0, 1}, dim) },
			"codes":              func() { DecodeResidual(dst, codes[:47:47], 4, weights, scales, centroids, []uint16{0, 1}, dim) },
			"room":               func() { DecodeResidual(dst[:95:95], codes, 4, weights, scales, centroids, []uint16{0, 1}, dim) },
			"bytes":              func() { DecodeInt8(dst, codes[:47:47], weights[:1], dim) },
			"room for bytes":     func() { DecodeInt8(dst[:47:47], codes, weights[:1], dim) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: expected a panic", name)
					}
				}()
				call()
			}()
		}
	})
}
