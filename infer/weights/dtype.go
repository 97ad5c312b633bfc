package weights

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/x448/float16"
)

// DType is the storage type of a tensor's elements.
type DType uint8

const (
	F32  DType = iota // IEEE 754 binary32
	F16               // IEEE 754 binary16
	BF16              // bfloat16: the upper half of a binary32
)

// ParseDType returns the type of the given safetensors name: "F32", "F16" or
// "BF16".
func ParseDType(name string) (DType, error) {
	for _, d := range []DType{F32, F16, BF16} {
		if name == d.String() {
			return d, nil
		}
	}
	return 0, fmt.Errorf("dtype %q is not supported, only F32, F16 and BF16 are", name)
}

// String returns the safetensors name of d.
func (d DType) String() string {
	switch d {
	case F32:
		return "F32"
	case F16:
		return "F16"
	case BF16:
		return "BF16"
	}
	return fmt.Sprintf("DType(%d)", uint8(d))
}

// Size returns the bytes of one element.
func (d DType) Size() int {
	if d == F32 {
		return 4
	}
	return 2
}

// widen converts the little-endian elements of src, exactly, into
// dst [len(src)/d.Size()].
func (d DType) widen(dst []float32, src []byte) {
	switch d {
	case F32:
		for i := range dst {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
		}
	case F16:
		for i := range dst {
			dst[i] = float16.Frombits(binary.LittleEndian.Uint16(src[2*i:])).Float32()
		}
	case BF16:
		for i := range dst {
			dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(src[2*i:])) << 16)
		}
	}
}

// narrow rounds the finite values of src to nearest, ties to even, into the
// little-endian elements dst [len(src)*d.Size()]. A value beyond d's range
// becomes an infinity.
func (d DType) narrow(dst []byte, src []float32) {
	switch d {
	case F32:
		for i, x := range src {
			binary.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(x))
		}
	case F16:
		for i, x := range src {
			binary.LittleEndian.PutUint16(dst[2*i:], float16.Fromfloat32(x).Bits())
		}
	case BF16:
		for i, x := range src {
			bits := math.Float32bits(x)
			bits += 0x7FFF + bits>>16&1
			binary.LittleEndian.PutUint16(dst[2*i:], uint16(bits>>16))
		}
	}
}
