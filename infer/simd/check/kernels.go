package check

import (
	"encoding/binary"
	"math"
	"math/rand/v2"

	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/simd/reference"
)

// kernel is the check of one kernel. worst runs it on random numbers and returns
// the largest absolute error.
type kernel struct {
	name    string
	allowed float64
	worst   func(r *rand.Rand) float64
}

// kernels lists the checks. Inputs are of magnitude 1 and matrices scaled to
// keep outputs so, which makes 1e-5 a wide limit for float32 sums and a narrow
// one for anything wrong. What only converts must be exact.
func kernels(e extent) []kernel {
	list := []kernel{
		{"layer normalisation", 1e-5, e.layerNorm},
		{"gated GELU", 1e-5, e.geGLU},
		{"rotary embedding", 1e-5, rotate},
		{"softmax", 1e-5, e.softmax},
		{"scaling", 1e-5, scale},
		{"addition", 0, sum},
		{"MaxSim", 1e-5, e.maxSim},
		{"MaxSim, F16 vectors", 1e-5, e.maxSimF16},
		{"decoding of signed bytes", 0, e.decodeInt8},
		{"decoding of 1-bit residuals", 0, func(r *rand.Rand) float64 { return e.decodeResidual(r, 1) }},
		{"decoding of 2-bit residuals", 0, func(r *rand.Rand) float64 { return e.decodeResidual(r, 2) }},
		{"decoding of 4-bit residuals", 0, func(r *rand.Rand) float64 { return e.decodeResidual(r, 4) }},
		{"widening of F16 values", 0, func(*rand.Rand) float64 { return e.widen(simd.F16, reference.F16) }},
		{"widening of BF16 values", 0, func(*rand.Rand) float64 { return e.widen(simd.BF16, reference.BF16) }},
	}
	for _, t := range []simd.DType{simd.F32, simd.F16, simd.BF16} {
		list = append(list, kernel{"matrix product, " + t.String() + " weights", 1e-5, func(r *rand.Rand) float64 { return e.matMul(r, t) }})
	}
	return list
}

// Odd sizes reach the tails of every kernel; whole ones don't leave it where it
// has a faster way.
const (
	in      = 131
	wholeIn = 128
	heads   = 3
	half    = 32
)

// An extent is how much a check computes.
type extent struct {
	rows, out int // of matrices; more than a kernel takes at once, and odd
	step      int // from one of the 16-bit values that are widened to the next
}

var (
	thorough = extent{rows: 61, out: 53, step: 1}
	brief    = extent{rows: 15, out: 37, step: 61}
)

func normals(r *rand.Rand, n int, scale float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64() * scale)
	}
	return x
}

// difference is the largest absolute difference; a NaN is infinitely far from
// anything.
func difference[T float32 | float64](got []float32, want []T) float64 {
	var worst float64
	for i, w := range want {
		d := math.Abs(float64(got[i]) - float64(w))
		if math.IsNaN(d) {
			return math.Inf(1)
		}
		worst = max(worst, d)
	}
	return worst
}

// matMul multiplies by weights of odd and of whole sizes.
func (e extent) matMul(r *rand.Rand, t simd.DType) float64 {
	var worst float64
	for _, cols := range []int{in, wholeIn} {
		var data []byte
		var w []float32
		for range e.out {
			row := make([]byte, t.RowBytes(cols))
			simd.Narrow(row, t, normals(r, cols, 1/math.Sqrt(float64(cols))))
			stored := make([]float32, cols)
			simd.Widen(stored, t, row)
			data, w = append(data, row...), append(w, stored...)
		}
		matrix, err := simd.Pack(t, e.out, cols, data)
		if err != nil {
			return math.Inf(1)
		}
		x, got := normals(r, e.rows*cols, 1), normals(r, e.rows*e.out, 1)
		want := make([]float64, len(got))
		for i, before := range got {
			product, _ := reference.Dot(x[i/e.out*cols:][:cols], w[i%e.out*cols:][:cols])
			want[i] = float64(before) + product
		}
		simd.MatMulAdd(got, x, e.rows, matrix)
		worst = max(worst, difference(got, want))
	}
	return worst
}

// widen converts 16-bit values that are numbers, all of them in a thorough check.
func (e extent) widen(t simd.DType, value func(bits uint16) float64) float64 {
	var data []byte
	var want []float64
	for bits := 0; bits < 1<<16; bits += e.step {
		if v := value(uint16(bits)); !math.IsNaN(v) && !math.IsInf(v, 0) {
			data = binary.LittleEndian.AppendUint16(data, uint16(bits))
			want = append(want, v)
		}
	}
	got := make([]float32, len(want))
	simd.Widen(got, t, data)
	return difference(got, want)
}

func (e extent) layerNorm(r *rand.Rand) float64 {
	const eps = 1e-5
	var worst float64
	for _, width := range []int{in, wholeIn} {
		x, weight := normals(r, e.rows*width, 1), normals(r, width, 1)
		got := make([]float32, len(x))
		simd.LayerNorm(got, x, weight, eps)
		for at := 0; at < len(x); at += width {
			worst = max(worst, difference(got[at:][:width], reference.LayerNorm(x[at:][:width], weight, eps)))
		}
	}
	return worst
}

func (e extent) geGLU(r *rand.Rand) float64 {
	ug := normals(r, e.rows*2*in, 2)
	got, want := make([]float32, e.rows*in), make([]float64, e.rows*in)
	simd.GeGLU(got, ug, e.rows, in)
	for i := range want {
		row := ug[i/in*2*in:]
		want[i] = reference.GeGLU(row[i%in], row[in+i%in])
	}
	return difference(got, want)
}

func rotate(r *rand.Rand) float64 {
	x := normals(r, heads*2*half, 1)
	cos, sin := make([]float32, half), make([]float32, half)
	for d := range half {
		s, c := math.Sincos(r.Float64() * 1000)
		cos[d], sin[d] = float32(c), float32(s)
	}
	var want []float64
	for head := range heads {
		want = append(want, reference.Rotate(x[head*2*half:][:2*half], cos, sin)...)
	}
	simd.Rotate(x, cos, sin)
	return difference(x, want)
}

func (e extent) softmax(r *rand.Rand) float64 {
	const scale = 0.125
	x := normals(r, e.rows*in, 20)
	got := append([]float32(nil), x...)
	largest, sum := make([]float32, e.rows), make([]float32, e.rows)
	for i := range largest {
		largest[i] = float32(math.Inf(-1))
	}
	simd.Softmax(got, in, in, scale, largest, sum)
	var worst float64
	for i := range e.rows {
		want, newMax, total := reference.Softmax(x[i*in:][:in], scale, float32(math.Inf(-1)))
		worst = max(worst, difference(got[i*in:][:in], want),
			difference([]float32{largest[i], sum[i]}, []float64{float64(newMax), total}))
	}
	return worst
}

func scale(r *rand.Rand) float64 {
	const by = 0.3
	x := normals(r, in, 1)
	want := make([]float64, in)
	for i, v := range x {
		want[i] = by * float64(v)
	}
	simd.Scale(x, by)
	return difference(x, want)
}

func sum(r *rand.Rand) float64 {
	x, y := normals(r, in, 1), normals(r, in, 1)
	want := make([]float32, in)
	for i, v := range x {
		want[i] = v + y[i]
	}
	simd.Add(x, y)
	return difference(x, want)
}

// unitVectors are n vectors of length 1.
func unitVectors(r *rand.Rand, n, dim int) []float32 {
	x := normals(r, n*dim, 1)
	simd.L2Normalize(x, dim)
	return x
}

func (e extent) maxSim(r *rand.Rand) float64 {
	var worst float64
	for _, dim := range []int{47, 48} {
		q, d := unitVectors(r, e.out, dim), unitVectors(r, e.rows, dim)
		worst = max(worst, difference([]float32{simd.MaxSim(q, d, dim)}, []float64{reference.MaxSim(q, d, dim)}))
	}
	return worst
}

func (e extent) maxSimF16(r *rand.Rand) float64 {
	const dim = 48
	q, d := unitVectors(r, e.out, dim), unitVectors(r, e.rows, dim)
	half := make([]byte, 2*len(d))
	simd.Narrow(half, simd.F16, d)
	for i := range d {
		d[i] = float32(reference.F16(binary.LittleEndian.Uint16(half[2*i:])))
	}
	return difference([]float32{simd.MaxSimF16(q, half, dim)}, []float64{reference.MaxSim(q, d, dim)})
}

// codes are any bytes.
func codes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func (e extent) decodeInt8(r *rand.Rand) float64 {
	var worst float64
	for _, dim := range []int{47, 48} {
		codes, scales := codes(r, e.rows*dim), normals(r, e.rows, 1)
		got := make([]float32, e.rows*dim)
		simd.DecodeInt8(got, codes, scales, dim)
		for i, s := range scales {
			worst = max(worst, difference(got[i*dim:][:dim], reference.Int8(codes[i*dim:][:dim], s)))
		}
	}
	return worst
}

func (e extent) decodeResidual(r *rand.Rand, bits int) float64 {
	const centroids = 300
	var worst float64
	for _, dim := range []int{47, 48} {
		size := (dim*bits + 7) / 8
		codes, weights, scales, table := codes(r, e.rows*size), normals(r, 1<<bits, 1), normals(r, e.rows, 1), unitVectors(r, centroids, dim)
		ids := make([]uint16, e.rows)
		for i := range ids {
			ids[i] = uint16(r.IntN(centroids))
		}
		got := make([]float32, e.rows*dim)
		simd.DecodeResidual(got, codes, bits, weights, scales, table, ids, dim)
		for i, id := range ids {
			want := reference.Residual(codes[i*size:][:size], bits, weights, scales[i], table[int(id)*dim:][:dim])
			worst = max(worst, difference(got[i*dim:][:dim], want))
		}
	}
	return worst
}
