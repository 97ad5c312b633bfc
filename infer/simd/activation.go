package simd

import "math"

// GELU applies x·Φ(x), with the exact normal distribution function (by erf,
// not the tanh approximation), in place.
func GELU(x []float32) {
	for i, v := range x {
		x[i] = gelu(v)
	}
}

// ReLU applies max(x, 0) in place.
func ReLU(x []float32) {
	for i, v := range x {
		x[i] = max(v, 0)
	}
}

// SiLU applies x/(1+exp(−x)) in place.
func SiLU(x []float32) {
	for i, v := range x {
		x[i] = v / (1 + exp(-v))
	}
}

// Sigmoid applies 1/(1+exp(−x)) in place.
func Sigmoid(x []float32) {
	for i, v := range x {
		x[i] = 1 / (1 + exp(-v))
	}
}

// Tanh applies the hyperbolic tangent in place.
func Tanh(x []float32) {
	for i, v := range x {
		x[i] = float32(math.Tanh(float64(v)))
	}
}

// GeGLU computes dst = gelu(u) ⊙ g for rows ug [n, 2·width] that hold u in
// their first and g in their second half. dst is [n, width].
func GeGLU(dst, ug []float32, n, width int) {
	k := active.Load()
	for r := range n {
		row := ug[2*r*width:][:2*width]
		k.geGLU(dst[r*width:][:width], row[:width], row[width:])
	}
}

// Constants of exp: ln 2 is taken in two parts, the first so short that its
// products with whole numbers up to 128 are exact. Below minExp the result is
// no normal float32, above maxExp it is +Inf. The polynomial is that of Cephes'
// expf.
const (
	log2e   = 1.44269504088896341
	ln2High = 0.693359375
	ln2Low  = -2.12194440e-4
	minExp  = -87.33654
	maxExp  = 88.72284

	exp2 = 5.0000001201e-1
	exp3 = 1.6666665459e-1
	exp4 = 4.1665795894e-2
	exp5 = 8.3334519073e-3
	exp6 = 1.3981999507e-3
	exp7 = 1.9875691500e-4

	// The same polynomial one degree shorter, to 1.1e-8: its nodes are
	// Chebyshev's. The coefficient of r² stays a half.
	expShort3 = 1.6666576266e-1
	expShort4 = 4.1666556150e-2
	expShort5 = 8.3632031456e-3
	expShort6 = 1.3926213142e-3
)

// exp is e^x to 2 units in the last place: x = n·ln 2 + r with |r| ≤ ln 2 / 2,
// and a polynomial for e^r. Results below the smallest normal number are 0.
func exp(x float32) float32 {
	if x < minExp {
		return 0
	}
	if x > maxExp {
		return float32(math.Inf(1))
	}
	n := float32(math.RoundToEven(float64(x * log2e)))
	r := x - n*ln2High - n*ln2Low
	p := float32(exp7)
	p = p*r + exp6
	p = p*r + exp5
	p = p*r + exp4
	p = p*r + exp3
	p = p*r + exp2
	p = p*r*r + r + 1
	// In two steps, because n reaches 128 and 2^128 is no float32.
	half := int32(n) / 2
	return p * power2(half) * power2(int32(n)-half)
}

func power2(n int32) float32 { return math.Float32frombits(uint32(n+127) << 23) }

// gelu is x·Φ(x) to 1e-6 absolute.
func gelu(x float32) float32 { return 0.5 * x * (1 + erf(x*(1/math.Sqrt2))) }

// Constants of erf, a rational function x·P(x²)/Q(x²) on |x| ≤ 4; beyond, erf
// is ±1 as far as gelu can tell. The coefficients are those of XLA's float32
// erf.
const (
	maxErf = 4

	erfP0 = -1.60960333262415e-02
	erfP1 = -2.95459980854025e-03
	erfP2 = -7.34990630326855e-04
	erfP3 = -5.69250639462346e-05
	erfP4 = -2.10102402082508e-06
	erfP5 = 2.77068142495902e-08
	erfP6 = -2.72614225801306e-10

	erfQ0 = -1.42647390514189e-02
	erfQ1 = -7.37332916720468e-03
	erfQ2 = -1.68282697438203e-03
	erfQ3 = -2.13374055278905e-04
	erfQ4 = -1.45660718464996e-05
)

// erf is the error function to 3e-7 absolute.
func erf(x float32) float32 {
	x = min(max(x, -maxErf), maxErf)
	z := x * x
	p := float32(erfP6)
	p = p*z + erfP5
	p = p*z + erfP4
	p = p*z + erfP3
	p = p*z + erfP2
	p = p*z + erfP1
	p = p*z + erfP0
	q := float32(erfQ4)
	q = q*z + erfQ3
	q = q*z + erfQ2
	q = q*z + erfQ1
	q = q*z + erfQ0
	return x * p / q
}
