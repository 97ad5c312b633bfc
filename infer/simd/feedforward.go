package simd

import "math"

// Activations of feed-forward blocks, on whole blocks at a time: x may be many
// rows.

// BlockGELU applies x·Φ(x) in place by the kernels of the instruction set in
// use, as GeGLU does. GELU has the same meaning and is slower: its bits are the
// same on every instruction set.
func BlockGELU(x []float32) {
	k := active.Load()
	for len(x) > 0 {
		part := x[:min(len(x), len(ones))]
		k.geGLU(part, part, ones[:len(part)])
		x = x[len(part):]
	}
}

// ones are gates that let everything pass; few, to stay in a first-level cache.
var ones = func() (x [512]float32) {
	for i := range x {
		x[i] = 1
	}
	return
}()

// TanhGELU applies the tanh approximation of GELU in place:
// x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))/2.
func TanhGELU(x []float32) {
	// (1 + tanh(z))/2 is 1/(1 + exp(−2z)).
	const twice = 2 * math.Sqrt2 / 1.77245385090551602729 // 2·√(2/π)
	for i, v := range x {
		x[i] = v / (1 + exp(-twice*(v+0.044715*v*v*v)))
	}
}
