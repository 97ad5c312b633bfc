package codec

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/toller-search/toller/infer/simd"
)

const scaleBytes = 4

// encodeInt8 scales each vector so that its largest component becomes ±127.
// One without any component above 1e-30, whose inverse scale might not be a
// number, becomes zeros.
func encodeInt8(code []byte, vectors []float32, dim int) {
	n := len(vectors) / dim
	rows := code[scaleBytes*n:]
	for i := range n {
		x := vectors[i*dim:][:dim]
		var largest float32
		for _, v := range x {
			largest = max(largest, v, -v)
		}
		if largest < 1e-30 {
			continue
		}
		binary.LittleEndian.PutUint32(code[scaleBytes*i:], math.Float32bits(largest/127))
		inverse := 127 / largest
		row := rows[i*dim:][:dim]
		for j, v := range x {
			// Rounding down a positive number, and so to the nearest one.
			row[j] = byte(int(v*inverse+128.5) - 128)
		}
	}
}

func checkInt8(code []byte, n int) error {
	for i := range n {
		scale := math.Float32frombits(binary.LittleEndian.Uint32(code[scaleBytes*i:]))
		if !(scale >= 0 && scale <= maxComponent) {
			return fmt.Errorf("vector %d: scale: expected 0 to %d, found %v", i, maxComponent, scale)
		}
	}
	return nil
}

func decodeInt8(dst []float32, code []byte, first, rows, n, dim int, s *Scratch) {
	s.scales = grow(s.scales, rows)
	simd.Widen(s.scales, simd.F32, code[scaleBytes*first:])
	simd.DecodeInt8(dst, code[scaleBytes*n+first*dim:], s.scales, dim)
}
