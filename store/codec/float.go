package codec

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/toller-search/toller/infer/simd"
	"github.com/x448/float16"
)

func encodeFP32(code []byte, vectors []float32) {
	for i, v := range vectors {
		binary.LittleEndian.PutUint32(code[4*i:], math.Float32bits(v))
	}
}

func decodeFP32(dst []float32, code []byte) { simd.Widen(dst, simd.F32, code) }

func checkFP32(code []byte, dim int) error {
	limit := math.Float32bits(maxComponent)
	for i := 0; i < len(code); i += 4 {
		// The bits of numbers without sign are ordered as they are, and
		// infinity and NaN come after all numbers.
		if bits := binary.LittleEndian.Uint32(code[i:]); bits&^(1<<31) > limit {
			return notStorable(i/4, dim, math.Float32frombits(bits))
		}
	}
	return nil
}

func encodeFP16(code []byte, vectors []float32) {
	for i, v := range vectors {
		binary.LittleEndian.PutUint16(code[2*i:], float16.Fromfloat32(v).Bits())
	}
}

func decodeFP16(dst []float32, code []byte) { simd.Widen(dst, simd.F16, code) }

func checkFP16(code []byte, dim int) error {
	// Infinity and NaN have an exponent of ones. Four numbers at a time: 1
	// added to the exponent carries into the place of the sign for them only.
	const (
		exponents = 0x7c00_7c00_7c00_7c00
		ones      = 0x0400_0400_0400_0400
		carries   = 0x8000_8000_8000_8000
	)
	whole := len(code) &^ 7
	for i := 0; i < whole; i += 8 {
		if (binary.LittleEndian.Uint64(code[i:])&exponents+ones)&carries != 0 {
			whole = i
		}
	}
	for i := whole; i < len(code); i += 2 {
		if v := float16.Frombits(binary.LittleEndian.Uint16(code[i:])); !v.IsFinite() {
			return notStorable(i/2, dim, v.Float32())
		}
	}
	return nil
}

func notStorable(component, dim int, found float32) error {
	return fmt.Errorf("vector %d: component %d: expected a number of at most %d, found %v", component/dim, component%dim, maxComponent, found)
}
