package selftest

import (
	"encoding/binary"
	"math"
	"math/rand/v2"

	"github.com/x448/float16"

	"github.com/toller-search/toller/infer/simd"
)

// kernelCheck compares a kernel with its definition, evaluated in float64 on
// fixed random numbers.
type kernelCheck struct {
	name    string
	allowed float64                         // largest absolute error
	worst   func(random *rand.Rand) float64 // largest absolute error found
}

// Inputs are of magnitude 1 and matrices scaled to keep outputs so, which
// makes 1e-5 a wide limit for float32 sums and a narrow one for anything
// wrong.
var kernelChecks = []kernelCheck{
	{"matrix product, F32 weights", 1e-5, func(r *rand.Rand) float64 { return matMulError(r, simd.F32) }},
	{"matrix product, F16 weights", 1e-5, func(r *rand.Rand) float64 { return matMulError(r, simd.F16) }},
	{"matrix product, BF16 weights", 1e-5, func(r *rand.Rand) float64 { return matMulError(r, simd.BF16) }},
	{"widening of all F16 values", 0, func(*rand.Rand) float64 { return widenError(simd.F16) }},
	{"widening of all BF16 values", 0, func(*rand.Rand) float64 { return widenError(simd.BF16) }},
	{"layer normalisation", 1e-5, layerNormError},
	{"gated GELU", 1e-5, geGLUError},
	{"rotary embedding", 1e-5, rotateError},
	{"softmax", 1e-5, softmaxError},
	{"MaxSim", 1e-5, maxSimError},
}

// Odd sizes reach the tails of every kernel.
const (
	checkRows = 13
	checkIn   = 131
	checkOut  = 53
)

func normals(r *rand.Rand, n int, scale float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64() * scale)
	}
	return x
}

// difference is the largest absolute difference; NaN counts as infinite.
func difference(got []float32, want []float64) float64 {
	var worst float64
	for i, w := range want {
		d := math.Abs(float64(got[i]) - w)
		if math.IsNaN(d) {
			return math.Inf(1)
		}
		worst = max(worst, d)
	}
	return worst
}

func dot(a, b []float32) float64 {
	var sum float64
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

// stored rounds x to type t and returns its bytes, and its values afterwards.
func stored(x []float32, t simd.DType) (data []byte, values []float32) {
	values = make([]float32, len(x))
	for i, v := range x {
		switch t {
		case simd.F16:
			h := float16.Fromfloat32(v)
			data = binary.LittleEndian.AppendUint16(data, h.Bits())
			values[i] = h.Float32()
		case simd.BF16:
			bits := math.Float32bits(v) &^ 0xFFFF
			data = binary.LittleEndian.AppendUint16(data, uint16(bits>>16))
			values[i] = math.Float32frombits(bits)
		default:
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
			values[i] = v
		}
	}
	return data, values
}

func matMulError(r *rand.Rand, t simd.DType) float64 {
	data, w := stored(normals(r, checkOut*checkIn, 1/math.Sqrt(checkIn)), t)
	matrix, err := simd.Pack(t, checkOut, checkIn, data)
	if err != nil {
		return math.Inf(1)
	}
	x := normals(r, checkRows*checkIn, 1)
	got := make([]float32, checkRows*checkOut)
	simd.MatMul(got, x, checkRows, matrix)
	want := make([]float64, len(got))
	for i := range want {
		row, out := i/checkOut, i%checkOut
		want[i] = dot(x[row*checkIn:][:checkIn], w[out*checkIn:][:checkIn])
	}
	return difference(got, want)
}

// widenError compares every finite 16-bit value.
func widenError(t simd.DType) float64 {
	var data []byte
	var want []float64
	for bits := range 1 << 16 {
		value := math.Float32frombits(uint32(bits) << 16)
		if t == simd.F16 {
			value = float16.Frombits(uint16(bits)).Float32()
		}
		if v := float64(value); !math.IsNaN(v) && !math.IsInf(v, 0) {
			data = binary.LittleEndian.AppendUint16(data, uint16(bits))
			want = append(want, v)
		}
	}
	got := make([]float32, len(want))
	simd.Widen(got, t, data)
	return difference(got, want)
}

func layerNormError(r *rand.Rand) float64 {
	const eps = 1e-5
	x, weight := normals(r, checkRows*checkIn, 1), normals(r, checkIn, 1)
	got := make([]float32, len(x))
	simd.LayerNorm(got, x, weight, eps)
	want := make([]float64, len(x))
	for at := 0; at < len(x); at += checkIn {
		var mean, variance float64
		for _, v := range x[at:][:checkIn] {
			mean += float64(v) / checkIn
		}
		for _, v := range x[at:][:checkIn] {
			variance += (float64(v) - mean) * (float64(v) - mean) / checkIn
		}
		for i := range checkIn {
			want[at+i] = (float64(x[at+i]) - mean) / math.Sqrt(variance+eps) * float64(weight[i])
		}
	}
	return difference(got, want)
}

func geGLUError(r *rand.Rand) float64 {
	ug := normals(r, checkRows*2*checkIn, 2)
	got := make([]float32, checkRows*checkIn)
	simd.GeGLU(got, ug, checkRows, checkIn)
	want := make([]float64, len(got))
	for i := range want {
		row := ug[i/checkIn*2*checkIn:]
		u, g := float64(row[i%checkIn]), float64(row[checkIn+i%checkIn])
		want[i] = 0.5 * u * (1 + math.Erf(u/math.Sqrt2)) * g
	}
	return difference(got, want)
}

func rotateError(r *rand.Rand) float64 {
	const heads, half = 3, 32
	x := normals(r, heads*2*half, 1)
	cos, sin := make([]float32, half), make([]float32, half)
	for d := range half {
		s, c := math.Sincos(r.Float64() * 1000)
		cos[d], sin[d] = float32(c), float32(s)
	}
	want := make([]float64, len(x))
	for head := range heads {
		for d := range half {
			i, j := head*2*half+d, head*2*half+half+d
			a, b, c, s := float64(x[i]), float64(x[j]), float64(cos[d]), float64(sin[d])
			want[i], want[j] = a*c-b*s, b*c+a*s
		}
	}
	simd.Rotate(x, cos, sin)
	return difference(x, want)
}

func softmaxError(r *rand.Rand) float64 {
	const scale = 0.125
	x := normals(r, checkIn, 20)
	got := append([]float32(nil), x...)
	before, sum := []float32{float32(math.Inf(-1))}, make([]float32, 1)
	simd.Softmax(got, len(got), len(got), scale, before, sum)
	largest := math.Inf(-1)
	for _, v := range x {
		largest = max(largest, scale*float64(v))
	}
	want := make([]float64, len(x)+1)
	for i, v := range x {
		want[i] = math.Exp(scale*float64(v) - largest)
		want[len(x)] += want[i]
	}
	return difference(append(got, sum[0]), want)
}

func maxSimError(r *rand.Rand) float64 {
	const dim = 48
	q, d := normals(r, checkRows*dim, 1), normals(r, checkOut*dim, 1)
	simd.L2Normalize(q, dim)
	simd.L2Normalize(d, dim)
	var want float64
	for i := range checkRows {
		best := math.Inf(-1)
		for j := range checkOut {
			best = max(best, dot(q[i*dim:][:dim], d[j*dim:][:dim]))
		}
		want += best
	}
	return difference([]float32{simd.MaxSim(q, d, dim)}, []float64{want})
}
