//go:build !(386 || amd64 || arm || arm64 || ppc64le || s390x || wasm)

package heads

// One rounding for each sum and each product, as vek's: the same to the bit.

// addTo adds x to sum.
func addTo(sum, x []float32) {
	for i, v := range x {
		sum[i] += v
	}
}

// scaleBy multiplies x by a number, in place.
func scaleBy(x []float32, by float32) {
	for i := range x {
		x[i] *= by
	}
}
