//go:build !purego

package simd

func addAVX2(x, y []float32) {
	whole := len(x) &^ 7
	add8AVX2(x[:whole], y)
	addGeneric(x[whole:], y[whole:])
}

// add8AVX2 is addGeneric for the len(x) values of x, a multiple of eight.
//
//go:noescape
func add8AVX2(x, y []float32)
