package heads

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSums demands one rounding for each sum and each product, on every
// platform and at every length: pooled vectors don't depend on the machine.
func TestSums(t *testing.T) {
	for n := range 70 {
		r := rand.New(rand.NewPCG(uint64(n), 0))
		sum, x := make([]float32, n), make([]float32, n)
		wantSum, wantProduct := make([]float32, n), make([]float32, n)
		const by = float32(1) / 3
		for i := range n {
			sum[i], x[i] = float32(r.NormFloat64()), float32(r.NormFloat64())
			wantSum[i], wantProduct[i] = sum[i]+x[i], x[i]*by
		}
		addTo(sum, x)
		scaleBy(x, by)
		if !slices.Equal(sum, wantSum) {
			t.Errorf("%d sums: expected %v, found %v", n, wantSum, sum)
		}
		if !slices.Equal(x, wantProduct) {
			t.Errorf("%d products: expected %v, found %v", n, wantProduct, x)
		}
	}
}
