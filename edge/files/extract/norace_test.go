//go:build !race

package extract

// slowdown is what limits of time in tests are multiplied with.
const slowdown = 1
