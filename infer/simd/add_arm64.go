//go:build !purego

package simd

func addNEON(x, y []float32) {
	whole := len(x) &^ 3
	add4NEON(x[:whole], y)
	addGeneric(x[whole:], y[whole:])
}

// add4NEON is addGeneric for the len(x) values of x, a multiple of four.
//
//go:noescape
func add4NEON(x, y []float32)
