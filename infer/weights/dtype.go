package weights

import (
	"fmt"

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
	return 0, fmt.Errorf("dtype %q is not supported, only F32, F16 and BF16 are", name)
}
