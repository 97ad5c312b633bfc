package simd

import (
	"encoding/binary"
	"math"
)

// Widen converts len(dst) little-endian values of type t to float32. src need
// not be aligned.
func Widen(dst []float32, t DType, src []byte) {
	switch t {
	case F32:
		for i := range dst {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
		}
	case F16:
		WidenF16(dst, src)
	case BF16:
		WidenBF16(dst, src)
	}
}

// WidenF16 converts len(dst) little-endian binary16 values to float32.
func WidenF16(dst []float32, src []byte) {
	active.Load().widenF16(dst, src[:2*len(dst)])
}

// WidenBF16 converts len(dst) little-endian bfloat16 values to float32.
func WidenBF16(dst []float32, src []byte) {
	active.Load().widenBF16(dst, src[:2*len(dst)])
}
