package extract

import (
	"testing"
	"time"
)

// patience is how long hostile files may take by the clock: enough for a machine that
// does much else. What they may cost is said in time of the processor.
const patience = 2 * time.Minute

// fewer is n in the ordinary run, and less where that takes too long: with -short, and
// with the race detector.
func fewer(n int) int {
	if raced || testing.Short() {
		return max(1, n/8)
	}
	return n
}

// slowdown is what work costs more with the race detector.
func slowdown() time.Duration {
	if raced {
		return 8
	}
	return 1
}
