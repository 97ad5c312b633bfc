package measure

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// A Difference is what two systems differ by in one measure, over the same queries.
type Difference struct {
	Mean      float64 // of the second less the first
	P         float64 // how probable a difference at least as large is by chance, either way
	Low, High float64 // bounds that hold the true mean difference with 95 % confidence
	Wins      int     // queries of which the second has more
	Losses    int     // and fewer
}

// draws is how many samples the tests take: p-values are exact to about 0.001.
const draws = 100_000

// Compare tests whether two systems differ, by their values for the same queries in the
// same order. P is that of the paired randomisation test, which Smucker, Allan and
// Carterette (CIKM 2007) found to be the one to use in information retrieval: under the
// hypothesis that the systems are alike, each query's difference might as well have
// the other sign. The bounds are the percentiles of a paired bootstrap. The samples are
// the same in every call.
func Compare(first, second []float64) (Difference, error) {
	if len(first) != len(second) || len(first) == 0 {
		return Difference{}, fmt.Errorf("measure: expected values for the same queries, at least one, found %d and %d", len(first), len(second))
	}
	n := len(first)
	each := make([]float64, n)
	var d Difference
	for i := range each {
		each[i] = second[i] - first[i]
		d.Mean += each[i]
		switch {
		case each[i] > 0:
			d.Wins++
		case each[i] < 0:
			d.Losses++
		}
	}
	observed := math.Abs(d.Mean)
	d.Mean /= float64(n)

	r := rand.New(rand.NewPCG(1, 2))
	atLeast := 0
	for range draws {
		sum, signs := 0.0, uint64(0)
		for i, x := range each {
			if i%64 == 0 {
				signs = r.Uint64()
			}
			if signs&1 == 0 {
				x = -x
			}
			signs >>= 1
			sum += x
		}
		// The observed assignment is one of the samples, but for rounding.
		if math.Abs(sum) >= observed*(1-1e-12) {
			atLeast++
		}
	}
	d.P = float64(atLeast+1) / (draws + 1)

	means := make([]float64, draws/10)
	for i := range means {
		sum := 0.0
		for range each {
			sum += each[r.IntN(n)]
		}
		means[i] = sum / float64(n)
	}
	slices.Sort(means)
	d.Low, d.High = means[len(means)*25/1000], means[len(means)*975/1000]
	return d, nil
}
