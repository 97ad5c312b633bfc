package heads

import (
	"math"

	"github.com/toller-search/toller/infer/simd"
)

// MaxSim is the late-interaction score of query vectors q [m, dim] and
// document vectors d [n, dim]: the sum over query vectors of the largest dot
// product with any document vector, maxima and sum in float32. Maxima are not
// floored at 0.
//
// No query vectors score 0 with any document. Otherwise no document vectors
// score −Inf, below every document that has some.
func MaxSim(q, d []float32, dim int) float32 {
	switch m, n := rows(q, dim), rows(d, dim); {
	case m == 0:
		return 0
	case n == 0:
		return float32(math.Inf(-1))
	default:
		return simd.MaxSim(q, d, dim)
	}
}
