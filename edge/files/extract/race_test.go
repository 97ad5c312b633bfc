//go:build race

package extract

// raced tells that the race detector makes everything many times slower.
const raced = true
