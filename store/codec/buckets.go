package codec

import (
	"math"
	"slices"
)

// buckets are the values that a component of a residual, divided by its
// scale, is rounded to.
type buckets struct {
	weights []float32      // ascending, 1<<bits of them
	steps   [2][16]float32 // from each weight to the next and to the one before, 0 at the ends

	// table gives the bucket of a component, the one with the nearest weight,
	// from the part of [-reach, reach] that it lies in. Its parts are narrow
	// against the distances of weights; a component at a boundary may go to
	// either side.
	table [2048]uint8
	reach float32
	scale float32 // parts per unit
}

func newBuckets(weights []float32) buckets {
	b := buckets{weights: weights}
	for i := range weights[1:] {
		b.steps[0][i] = weights[i+1] - weights[i]
		b.steps[1][i+1] = weights[i] - weights[i+1]
	}
	// Few components lie beyond twice the outermost weights, and the table ends
	// in these. Where all weights are 0 any reach will do.
	b.reach = 2 * max(-weights[0], weights[len(weights)-1], 1e-6)
	b.scale = float32(len(b.table)) / (2 * b.reach)
	bucket := 0
	for i := range b.table {
		middle := (float32(i)+0.5)/b.scale - b.reach
		for bucket+1 < len(weights) && middle > (weights[bucket]+weights[bucket+1])/2 {
			bucket++
		}
		b.table[i] = uint8(bucket)
	}
	return b
}

// nearest is the bucket of a component.
func (b *buckets) nearest(r float32) uint8 {
	part := int((r + b.reach) * b.scale)
	return b.table[max(0, min(part, len(b.table)-1))]
}

// trainBuckets finds the 1<<bits weights of the least squared error for
// components of residuals of scale 1, sorted ascending: Lloyd's method in one
// dimension, from quantiles on. It takes many rounds: at 4 bits the error after
// 5 is a third larger than after 30, and that a twentieth larger than at the end.
func trainBuckets(sorted []float32, bits int) buckets {
	n := 1 << bits
	weights := make([]float32, n)
	for i := range weights {
		weights[i] = sorted[(2*i+1)*len(sorted)/(2*n)]
	}
	sums := make([]float64, len(sorted)+1)
	for i, v := range sorted {
		sums[i+1] = sums[i] + float64(v)
	}
	const rounds = 300
	for range rounds {
		before := slices.Clone(weights)
		from := 0
		for i := range weights {
			to := len(sorted)
			if i+1 < n {
				// The next weight is still that of the round before.
				to = from + above(sorted[from:], (before[i]+before[i+1])/2)
			}
			if to > from {
				weights[i] = float32((sums[to] - sums[from]) / float64(to-from))
			}
			from = to
		}
		if slices.Equal(weights, before) {
			break
		}
	}
	return newBuckets(weights)
}

// above is the index of the first value above cut.
func above(sorted []float32, cut float32) int {
	i, _ := slices.BinarySearch(sorted, math.Nextafter32(cut, float32(math.Inf(1))))
	return i
}
