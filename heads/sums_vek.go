//go:build 386 || amd64 || arm || arm64 || ppc64le || s390x || wasm

package heads

import "github.com/viterin/vek/vek32"

// The architectures above are those that vek's own dependency has bodies for.

// addTo adds x to sum.
func addTo(sum, x []float32) { vek32.Add_Inplace(sum, x) }

// scaleBy multiplies x by a number, in place. It serves to divide as well:
// vek's division in AVX2 differs from its portable one.
func scaleBy(x []float32, by float32) { vek32.MulNumber_Inplace(x, by) }
