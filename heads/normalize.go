package heads

import "github.com/toller-search/toller/infer/simd"

// Normalize divides every row of x [n, dim] by its length, in place, as
// torch.nn.functional.normalize does: by max(‖row‖, 1e-12), so that a row of
// zeros stays one.
func Normalize(x []float32, dim int) {
	rows(x, dim)
	simd.L2Normalize(x, dim)
}
