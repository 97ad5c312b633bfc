//go:build !purego

package peak

// Sixteen independent sums hide the latency of the multiply-add; a round does
// each of them eight times.
var units = map[string]unit{"neon": {fmaNEON, 8 * 16 * 4 * 2}}

//go:noescape
func fmaNEON(rounds int)
