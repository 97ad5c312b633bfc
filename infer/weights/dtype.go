package weights

import (
	"fmt"
	"slices"

	"github.com/toller-search/toller/infer/simd"
)

// parseDType returns the format of the given safetensors name. In a file every
// value stands alone.
func parseDType(name string) (simd.DType, error) {
	for _, d := range simd.DTypes() {
		if name == d.String() && d.Size() > 0 {
			return d, nil
		}
	}
	return 0, fmt.Errorf("dtype %q is not supported, only F32, F16, BF16 and I8 are", name)
}

// checkFloat refuses a format that not any weight can be stored in.
func checkFloat(d simd.DType) error {
	if !slices.Contains([]simd.DType{simd.F32, simd.F16, simd.BF16}, d) {
		return fmt.Errorf("dtype %q is not supported, only F32, F16 and BF16 are", d)
	}
	return nil
}

// bufferTypes are the formats of integers and truth values, by the names that
// safetensors has for them, with the bytes of an element. I8 isn't among them: it
// is how weights are stored with a scale for each row.
var bufferTypes = map[string]int{
	"BOOL": 1,
	"U8":   1,
	"U16":  2, "I16": 2,
	"U32": 4, "I32": 4,
	"U64": 8, "I64": 8,
}
