package simd

// Rotate applies rotary position embedding to the heads of one position: x is
// [heads, 2·len(cos)], and each pair (x[d], x[d+len(cos)]) of a head is turned
// by the angle whose cosine and sine are cos[d] and sin[d].
func Rotate(x, cos, sin []float32) {
	k := active.Load()
	sin = sin[:len(cos)]
	if k.rotateHeads != nil {
		k.rotateHeads(x, cos, sin)
		return
	}
	for size := 2 * len(cos); len(x) > 0; x = x[size:] {
		k.rotate(x[:size], cos, sin)
	}
}

// Softmax is one step of an online softmax over rows of scores: row r is
// s[r·ld : r·ld+count], of len(max) rows. It replaces a row by
// exp(scale·s − max'), where max' is the larger of max[r] and the row's largest
// scale·s, writes max' to max[r], and the sum of the new row to sum[r]. The
// caller multiplies what it accumulated under the old maximum by
// Exp(max − max').
//
// A score of −Inf weighs 0. Others must be finite, and a row must have one such
// or a finite max[r]. count is at least 1, ld no smaller than count.
func Softmax(s []float32, ld, count int, scale float32, max, sum []float32) {
	if len(max) == 0 {
		return
	}
	sum = sum[:len(max)]
	s = s[:(len(max)-1)*ld+count]
	active.Load().softmax(s, ld, count, scale, max, sum)
}

// rowByRow is a softmax kernel made of one for a single row.
func rowByRow(one func(s []float32, scale, max float32) (newMax, sum float32)) func(s []float32, ld, count int, scale float32, max, sum []float32) {
	return func(s []float32, ld, count int, scale float32, max, sum []float32) {
		for r := range max {
			max[r], sum[r] = one(s[r*ld:][:count], scale, max[r])
		}
	}
}

// Exp is e^x to 2 units in the last place; results below the smallest normal
// float32 are 0.
func Exp(x float32) float32 { return exp(x) }

// Scale multiplies x by a number, in place.
func Scale(x []float32, by float32) { active.Load().scale(x, by) }

// ScaleRows multiplies rows of x by a number each, in place: the width values
// from r·ld on by by[r].
func ScaleRows(x []float32, ld, width int, by []float32) {
	if len(by) == 0 {
		return
	}
	x = x[:(len(by)-1)*ld+width]
	k := active.Load()
	if k.scaleRows != nil {
		k.scaleRows(x, ld, width, by)
		return
	}
	for r, v := range by {
		if v != 1 {
			k.scale(x[r*ld:][:width], v)
		}
	}
}
