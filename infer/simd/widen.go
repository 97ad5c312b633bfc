package simd

import (
	"encoding/binary"
	"math"

	"github.com/x448/float16"
)

// Widen converts a row of len(dst) values of format t to float32, exactly. src
// need not be aligned. Where a format's values stand alone, as in F32, F16,
// BF16 and I8, any run of them is a row.
func Widen(dst []float32, t DType, src []byte) {
	formats[t].widen(active.Load(), dst, src[:t.RowBytes(len(dst))])
}

// Narrow rounds a row of finite values to format t: to nearest, ties to even. A
// value beyond the format's range becomes an infinity, in I8 -127 or 127.
func Narrow(dst []byte, t DType, src []float32) {
	formats[t].narrow(dst[:t.RowBytes(len(src))], src)
}

func widenF32(_ *kernels, dst []float32, src []byte) {
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
	}
}

func widenF16(k *kernels, dst []float32, src []byte) { k.widenF16(dst, src) }

func widenBF16(k *kernels, dst []float32, src []byte) { k.widenBF16(dst, src) }

// unscaled makes numbers of signed bytes.
var unscaled = []float32{1}

func widenI8(k *kernels, dst []float32, src []byte) {
	if len(dst) > 0 { // kernels count down from there
		k.decodeInt8(dst, src, unscaled, len(dst))
	}
}

func narrowF32(dst []byte, src []float32) {
	for i, v := range src {
		binary.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(v))
	}
}

func narrowF16(dst []byte, src []float32) {
	for i, v := range src {
		binary.LittleEndian.PutUint16(dst[2*i:], float16.Fromfloat32(v).Bits())
	}
}

func narrowBF16(dst []byte, src []float32) {
	for i, v := range src {
		bits := math.Float32bits(v)
		bits += 0x7FFF + bits>>16&1
		binary.LittleEndian.PutUint16(dst[2*i:], uint16(bits>>16))
	}
}

func narrowI8(dst []byte, src []float32) {
	for i, v := range src {
		dst[i] = byte(int8(min(max(math.RoundToEven(float64(v)), -127), 127)))
	}
}
