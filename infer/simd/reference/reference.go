// Package reference says what the kernels of infer/simd compute: each one by its
// formula, in float64, as short as it can be written. Tests hold every
// instruction set, the portable one included, against it, and so does package
// check on a user's machine. Nothing else uses it: it is slow.
//
// Inputs are float32, because that is what kernels get; a function that says so
// returns what any kernel must return to the bit.
package reference

import "math"

// Dot is the product of two vectors, and the sum of the sizes of its terms,
// which bounds what rounding can do to it.
func Dot(a, b []float32) (sum, size float64) {
	for i, v := range a {
		p := float64(v) * float64(b[i])
		sum += p
		size += math.Abs(p)
	}
	return sum, size
}

// LayerNorm is (x − mean(x)) / sqrt(var(x) + eps) ⊙ weight of one row, with the
// population variance.
func LayerNorm(x, weight []float32, eps float32) []float64 {
	n := float64(len(x))
	var mean, variance float64
	for _, v := range x {
		mean += float64(v) / n
	}
	for _, v := range x {
		variance += (float64(v) - mean) * (float64(v) - mean) / n
	}
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = (float64(v) - mean) / math.Sqrt(variance+float64(eps)) * float64(weight[i])
	}
	return y
}

// GELU is x·Φ(x).
func GELU(x float32) float64 {
	return 0.5 * float64(x) * (1 + math.Erf(float64(x)/math.Sqrt2))
}

// GeGLU is gelu(u) · g.
func GeGLU(u, g float32) float64 { return GELU(u) * float64(g) }

// SiLU is x / (1 + exp(−x)).
func SiLU(x float32) float64 { return float64(x) * Sigmoid(x) }

// Sigmoid is 1 / (1 + exp(−x)).
func Sigmoid(x float32) float64 { return 1 / (1 + math.Exp(-float64(x))) }

// Tanh is the hyperbolic tangent.
func Tanh(x float32) float64 { return math.Tanh(float64(x)) }

// ReLU is max(x, 0).
func ReLU(x float32) float64 { return max(float64(x), 0) }

// Rotate turns each pair (x[d], x[d+len(cos)]) of one head by the angle with
// that cosine and sine.
func Rotate(x, cos, sin []float32) []float64 {
	half := len(cos)
	y := make([]float64, 2*half)
	for d := range half {
		a, b, c, s := float64(x[d]), float64(x[half+d]), float64(cos[d]), float64(sin[d])
		y[d], y[half+d] = a*c-b*s, b*c+a*s
	}
	return y
}

// Softmax is one step of an online softmax over a row: exp(scale·s − max'), and
// what that adds up to. max', which all kernels find to the bit, is the larger
// of max and the largest scale·s, products rounded to float32.
func Softmax(s []float32, scale, max float32) (weights []float64, newMax float32, sum float64) {
	newMax = max
	for _, v := range s {
		if v := scale * v; v > newMax {
			newMax = v
		}
	}
	for _, v := range s {
		w := math.Exp(float64(v)*float64(scale) - float64(newMax))
		weights = append(weights, w)
		sum += w
	}
	return weights, newMax, sum
}

// Maximum is the largest product of q with a row of d [n, len(q)], at least
// floor, the first row that has it, or −1, and the largest size of a finite
// product. Products that are NaN don't count.
func Maximum(floor float64, q, d []float32) (best float64, row int, size float64) {
	best, row = floor, -1
	for j := range len(d) / len(q) {
		p, s := Dot(q, d[j*len(q):][:len(q)])
		if p > best {
			best, row = p, j
		}
		if s <= math.MaxFloat64 {
			size = max(size, s)
		}
	}
	return best, row, size
}

// MaxSim is Σ over the rows of q [m, dim] of the largest product with a row of
// d [n, dim].
func MaxSim(q, d []float32, dim int) float64 {
	var sum float64
	for i := range len(q) / dim {
		best, _, _ := Maximum(math.Inf(-1), q[i*dim:][:dim], d)
		sum += best
	}
	return sum
}

// half is the value of 16 bits of a floating-point number with one bit of sign
// and so many of fraction, by IEEE 754.
func half(bits uint16, fractionBits int) float64 {
	exponentBits := 15 - fractionBits
	bias := 1<<(exponentBits-1) - 1
	fraction := float64(bits & (1<<fractionBits - 1))
	exponent := int(bits&0x7FFF) >> fractionBits
	scale := math.Ldexp(1, -fractionBits)
	var size float64
	switch {
	case exponent == 1<<exponentBits-1 && fraction != 0:
		return math.NaN()
	case exponent == 1<<exponentBits-1:
		size = math.Inf(1)
	case exponent == 0:
		size = math.Ldexp(fraction*scale, 1-bias)
	default:
		size = math.Ldexp(1+fraction*scale, exponent-bias)
	}
	if bits&0x8000 != 0 {
		return math.Copysign(size, -1)
	}
	return size
}

// F16 is the value of an IEEE 754 binary16, which float32 holds exactly.
func F16(bits uint16) float64 { return half(bits, 10) }

// BF16 is the value of a bfloat16, which float32 holds exactly.
func BF16(bits uint16) float64 { return half(bits, 7) }

// Int8 is a vector in signed bytes times its scale, to the bit.
func Int8(codes []byte, scale float32) []float32 {
	x := make([]float32, len(codes))
	for i, c := range codes {
		x[i] = float32(float64(scale) * float64(int8(c)))
	}
	return x
}

// Residual is a centroid plus scale times the weights of codes of so many bits,
// least significant first, to the bit: the product is rounded to float32, and
// then the sum.
func Residual(codes []byte, bits int, weights []float32, scale float32, centroid []float32) []float32 {
	x := make([]float32, len(centroid))
	for j, c := range centroid {
		code := 0
		for b := range bits {
			at := j*bits + b
			code |= int(codes[at/8]>>(at%8)&1) << b
		}
		product := float32(float64(scale) * float64(weights[code]))
		x[j] = float32(float64(c) + float64(product))
	}
	return x
}
