package simd

// Rotate applies rotary position embedding to the heads of one position: x is
// [heads, 2·len(cos)], and each pair (x[d], x[d+len(cos)]) of a head is turned
// by the angle whose cosine and sine are cos[d] and sin[d].
func Rotate(x, cos, sin []float32) {
	k := active.Load()
	sin = sin[:len(cos)]
	for size := 2 * len(cos); len(x) > 0; x = x[size:] {
		k.rotate(x[:size], cos, sin)
	}
}

// Softmax is one step of an online softmax over a row of scores. It replaces s
// by exp(scale·s − newMax), where newMax is the larger of max and the largest
// scale·s, and returns newMax and the sum of the values written. The caller
// multiplies what it accumulated under the old maximum by Exp(max − newMax).
//
// A score of −Inf weighs 0. Others must be finite, and there must be one such or
// a finite max.
func Softmax(s []float32, scale, max float32) (newMax, sum float32) {
	return active.Load().softmax(s, scale, max)
}

// Exp is e^x to 2 units in the last place; results below the smallest normal
// float32 are 0.
func Exp(x float32) float32 { return exp(x) }

// Scale multiplies x by a number, in place.
func Scale(x []float32, by float32) { active.Load().scale(x, by) }
