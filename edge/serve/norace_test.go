//go:build !race

package serve

// raced tells that the race detector has more memory allocated.
const raced = false
