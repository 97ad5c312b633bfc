package codec

import "math"

// A residual code has one byte a vector for the scale of its residual, a small
// floating-point number: four bits of exponent and four of fraction, as they lie
// in a float32. Byte 0 is 0, the others are 2^-15 · 17/16 to 2 · 31/32, which
// is more than unit vectors need. So every byte is a scale, and the same one on
// every machine.
const (
	fractionBits = 4
	scaleShift   = 23 - fractionBits
	scaleBase    = (127 - 15) << fractionBits // the front bits of 2^-15
)

// scales is the scale of every byte.
var scales = func() (all [256]float32) {
	for b := range all[1:] {
		all[1+b] = math.Float32frombits((scaleBase + 1 + uint32(b)) << scaleShift)
	}
	return all
}()

// scaleByte is the byte of the scale for x − centroid: the root of its mean
// square, rounded. The one of sixteen with the least error, or that of the least
// error for the codes chosen, rank hardly better.
func scaleByte(x, centroid []float32) byte {
	centroid = centroid[:len(x)]
	var squares float32
	for j, v := range x {
		r := v - centroid[j]
		squares += r * r
	}
	size := float32(math.Sqrt(float64(squares / float32(len(x)))))
	front := (math.Float32bits(size) + 1<<(scaleShift-1)) >> scaleShift
	return byte(min(max(front, scaleBase)-scaleBase, math.MaxUint8))
}
