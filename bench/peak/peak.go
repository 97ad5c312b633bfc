// Package peak measures how many floating-point operations a core can do: a
// loop of fused multiply-adds on registers, without a single load. It is the
// ceiling that the kernels of infer/simd are compared with.
package peak

import (
	"runtime"
	"time"
)

var start = time.Now()

// unit is a loop of multiply-adds for one instruction set.
type unit struct {
	run   func(rounds int)
	flops int // of one round
}

// FLOPs runs the multiply-adds of an instruction set of infer/simd for about as
// long as told and returns how many float32 operations a second one core did,
// by Clock. It is 0 where there is no such loop: the portable kernels use no
// vectors.
func FLOPs(set string, during time.Duration) float64 {
	u, ok := units[set]
	if !ok {
		return 0
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const rounds = 10000
	var done int
	from := Clock()
	for Clock()-from < during {
		u.run(rounds)
		done += rounds * u.flops
	}
	return float64(done) / (Clock() - from).Seconds()
}
