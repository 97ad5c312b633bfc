//go:build !purego

package peak

// Twelve independent sums hide the latency of the multiply-add on every core
// since Haswell; a round does each of them eight times.
var units = map[string]unit{
	"avx2":   {fmaAVX2, 8 * 12 * 8 * 2},
	"avx512": {fmaAVX512, 8 * 12 * 16 * 2},
}

//go:noescape
func fmaAVX2(rounds int)

//go:noescape
func fmaAVX512(rounds int)
