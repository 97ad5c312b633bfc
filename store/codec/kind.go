package codec

import (
	"fmt"
	"strings"
)

// Kind is a form in which token vectors are stored.
type Kind uint8

// The kinds, by falling size. Their numbers are part of the file format.
const (
	FP32      Kind = iota // float32, lossless
	FP16                  // IEEE 754 binary16
	Int8                  // one byte a component and a float32 scale a token
	Residual4             // centroid, one byte of scale and 4 bits a component
	Residual2             // the same with 2 bits
	Residual1             // the same with 1 bit
)

var kindNames = [...]string{"fp32", "fp16", "int8", "4bit", "2bit", "1bit"}

// String is the kind's name, as ParseKind reads it.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// ParseKind returns the kind of that name.
func ParseKind(name string) (Kind, error) {
	for k, known := range kindNames {
		if name == known {
			return Kind(k), nil
		}
	}
	return 0, fmt.Errorf("codec: unknown kind %q, expected one of: %s", name, strings.Join(kindNames[:], ", "))
}

// Trained reports whether the kind needs a codebook.
func (k Kind) Trained() bool { return k >= Residual4 && k <= Residual1 }

// Bits is the number of bits a component takes, not counting a token's scale
// or centroid.
func (k Kind) Bits() int {
	switch k {
	case FP32:
		return 32
	case FP16:
		return 16
	case Int8:
		return 8
	case Residual4:
		return 4
	case Residual2:
		return 2
	case Residual1:
		return 1
	}
	return 0
}
