package simd

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/toller-search/toller/infer/simd/reference"
)

// The targets of this file compare each instruction set with the generic one on
// any numbers. FuzzMatMul does so for products.

// floats makes n float32 of any bits from raw, which is repeated.
func floats(raw []byte, n, offset int) []float32 {
	x := make([]float32, n)
	var b [4]byte
	for i := range x {
		for j := range b {
			b[j] = raw[(offset+4*i+j+i/7)%len(raw)] // never in step with its length
		}
		x[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[:]))
	}
	return x
}

// repeated makes n bytes of raw.
func repeated(raw []byte, n int) []byte {
	x := make([]byte, n)
	for i := range x {
		x[i] = raw[(i+i/7)%len(raw)]
	}
	return x
}

// eachResult computes with every instruction set and checks what the others
// than the generic one found against that.
func eachResult(t *testing.T, compute func() []float32, check func(set string, want, got []float32)) {
	t.Helper()
	var want []float32
	for _, set := range Names() {
		undo, err := Use(set)
		if err != nil {
			t.Fatal(err)
		}
		result := compute()
		undo()
		if set == "generic" {
			want = result
			continue
		}
		check(set, want, result)
	}
}

// FuzzMaxSim raises maxima of any numbers, by float32 and by float16 vectors,
// and compares them where no product goes beyond float32.
func FuzzMaxSim(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4}, uint8(1), uint8(1), uint8(1))
	f.Add([]byte("any bytes will do as numbers of every size"), uint8(17), uint8(13), uint8(48))
	f.Add([]byte{0x3f, 0x80, 0xbf, 0x11, 0x3c}, uint8(33), uint8(64), uint8(9))
	f.Fuzz(func(t *testing.T, raw []byte, m, n, dim uint8) {
		if len(raw) == 0 || dim == 0 {
			return
		}
		M, N, dims := int(m)%40, int(n)%100, int(dim)
		q, d, half := floats(raw, M*dims, 0), floats(raw, N*dims, 1), repeated(raw, 2*N*dims)
		wide := make([]float32, N*dims)
		Widen(wide, F16, half)

		// The largest for each query vector; rows whose product is NaN don't count.
		sizes := func(rows []float32) []float64 {
			all := make([]float64, M)
			for i := range all {
				for j := range N {
					if _, size := reference.Dot(q[i*dims:][:dims], rows[j*dims:][:dims]); size > all[i] {
						all[i] = size
					}
				}
			}
			return all
		}
		size, total := sizes(d), 0.0
		for _, s := range sizes(wide) {
			total += s
		}
		eachResult(t, func() []float32 {
			best := make([]float32, M)
			for i := range best {
				best[i] = negativeInfinity
			}
			UpdateMaxima(best, q, d, dims)
			return append(best, MaxSimF16(q, half, dims))
		}, func(set string, want, got []float32) {
			for i, s := range append(size, total) {
				if s < 1e38 && want[i] != got[i] {
					near(t, set, got[i], float64(want[i]), rounding(dims+M)*s+1e-30)
				}
			}
		})
	})
}

// FuzzDecode decodes any bytes and demands the same numbers of all sets.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4}, uint8(1), uint8(1), uint8(1))
	f.Add([]byte("any bytes will do as codes"), uint8(5), uint8(48), uint8(7))
	f.Add([]byte{0xf0, 0x9f, 0xa6, 0x86, 0}, uint8(9), uint8(64), uint8(255))
	f.Fuzz(func(t *testing.T, raw []byte, n, dim, centroids uint8) {
		if len(raw) == 0 || dim == 0 || centroids == 0 {
			return
		}
		rows, dims := int(n), int(dim)
		scales, table := floats(raw, rows, 0), floats(raw, int(centroids)*dims, 1)
		ids := make([]uint16, rows)
		for i, b := range repeated(raw, rows) {
			ids[i] = uint16(b % centroids)
		}
		exact := func(set string, want, got []float32) {
			for i, v := range want {
				same(t, set, got[i], v)
			}
		}
		eachResult(t, func() []float32 {
			dst := make([]float32, rows*dims)
			DecodeInt8(dst, repeated(raw, rows*dims), scales, dims)
			return dst
		}, exact)
		for _, bits := range []int{1, 2, 4} {
			codes, weights := repeated(raw, rows*rowBytes(dims, bits)), floats(raw, 1<<bits, 2)
			eachResult(t, func() []float32 {
				dst := make([]float32, rows*dims)
				DecodeResidual(dst, codes, bits, weights, scales, table, ids, dims)
				return dst
			}, exact)
		}
	})
}

// FuzzRows runs what works on rows, one after the other, on any numbers.
func FuzzRows(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4}, uint8(1))
	f.Add([]byte("any bytes will do as numbers of every size"), uint8(48))
	f.Add([]byte{0x3f, 0x80, 0xbf, 0x11, 0x3c, 0x40}, uint8(77))
	f.Fuzz(func(t *testing.T, raw []byte, width uint8) {
		if len(raw) == 0 || width == 0 {
			return
		}
		n := int(width)
		x, y := floats(raw, n, 0), floats(raw, n, 1)
		var mean, size, variance float64
		for _, v := range x {
			mean += float64(v) / float64(n)
			size += math.Abs(float64(v))
		}
		for _, v := range x {
			variance += (float64(v) - mean) * (float64(v) - mean) / float64(n)
		}
		finite := size <= math.MaxFloat64 // neither infinite nor NaN

		eachResult(t, func() []float32 {
			dst := make([]float32, n)
			LayerNorm(dst, x, y, 1e-5)
			return dst
		}, func(set string, want, got []float32) {
			for i, w := range want {
				// The mean is rounded in float64 at the size of the numbers.
				mayDiffer := (1e-6 + 1e-13*size/math.Sqrt(variance+1e-5)) * math.Abs(float64(y[i]))
				if mayDiffer < 1e30 && finite {
					near(t, set+" layer norm", got[i], float64(w), mayDiffer+1e-6*math.Abs(float64(w))+2*subnormal)
				}
			}
		})

		eachResult(t, func() []float32 {
			dst := make([]float32, n)
			GeGLU(dst, append(append([]float32(nil), x...), y...), 1, n)
			return dst
		}, func(set string, want, got []float32) {
			for i, w := range want {
				if g := math.Abs(float64(y[i])); g < 1e38 && math.Abs(float64(x[i]))*g < 1e38 {
					near(t, set+" GeGLU", got[i], float64(w), 2e-6*(math.Abs(float64(w))+g)+2*subnormal)
				}
			}
		})

		pairs := n / 2
		cos, sin := y[:pairs], y[pairs:][:pairs]
		eachResult(t, func() []float32 {
			dst := append([]float32(nil), x[:2*pairs]...)
			Rotate(dst, cos, sin)
			return dst
		}, func(set string, want, got []float32) {
			for i, w := range want {
				d := i % pairs
				_, low := reference.Dot([]float32{x[d], x[pairs+d]}, []float32{cos[d], sin[d]})
				_, high := reference.Dot([]float32{x[d], x[pairs+d]}, []float32{sin[d], cos[d]})
				if most := low + high; most < 1e38 {
					near(t, set+" rotate", got[i], float64(w), rounding(3)*most+4*subnormal)
				}
			}
		})

		eachResult(t, func() []float32 {
			dst := append([]float32(nil), x...)
			Scale(dst, y[0])
			return dst
		}, func(set string, want, got []float32) {
			for i, w := range want {
				same(t, set+" scale", got[i], w)
			}
		})

		before := y[0]
		if !finite || before != before || before > math.MaxFloat32 {
			return // Softmax takes no such scores
		}
		eachResult(t, func() []float32 {
			dst := append([]float32(nil), x...)
			newMax, sum := softmaxRow(dst, 0.125, before)
			return append(dst, newMax, sum)
		}, func(set string, want, got []float32) {
			same(t, set+" softmax, maximum", got[n], want[n])
			near(t, set+" softmax, sum", got[n+1], float64(want[n+1]), 1e-5*float64(want[n+1])+1e-30)
			for i, w := range want[:n] {
				near(t, set+" softmax", got[i], float64(w), 1e-6*float64(w)+1.3e-38)
			}
		})
	})
}
