package weights

import (
	"encoding/binary"

	"github.com/toller-search/toller/infer/simd"
)

// nonFinite returns the index of the first element of data that is NaN or
// infinite, or -1. NaN and infinity are the values whose exponent bits are all
// ones.
//
// It looks at eight bytes at a time: with every bit but the exponents masked
// away, adding one to each exponent carries into the place of the sign exactly
// where an exponent was all ones, and never further into the next element.
func nonFinite(d simd.DType, data []byte) int {
	var exponent, one, sign uint64
	switch d {
	case simd.I8: // has neither
		return -1
	case simd.F32:
		exponent, one, sign = 0x7F800000_7F800000, 0x00800000_00800000, 0x80000000_80000000
	case simd.F16:
		exponent, one, sign = 0x7C00_7C00_7C00_7C00, 0x0400_0400_0400_0400, 0x8000_8000_8000_8000
	case simd.BF16:
		exponent, one, sign = 0x7F80_7F80_7F80_7F80, 0x0080_0080_0080_0080, 0x8000_8000_8000_8000
	}
	rest := data
	for len(rest) >= 32 {
		carries := (binary.LittleEndian.Uint64(rest)&exponent + one) |
			(binary.LittleEndian.Uint64(rest[8:])&exponent + one) |
			(binary.LittleEndian.Uint64(rest[16:])&exponent + one) |
			(binary.LittleEndian.Uint64(rest[24:])&exponent + one)
		if carries&sign != 0 {
			break
		}
		rest = rest[32:]
	}
	// Either one of the next 32 bytes' elements is at fault or this is the tail.
	var element [8]byte
	size := d.Size()
	for ; len(rest) >= size; rest = rest[size:] {
		copy(element[:], rest[:size])
		if (binary.LittleEndian.Uint64(element[:])&exponent+one)&sign != 0 {
			return (len(data) - len(rest)) / size
		}
	}
	return -1
}
