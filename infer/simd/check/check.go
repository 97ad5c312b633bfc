// Package check holds the kernels of infer/simd against their definitions on the
// machine that it runs on, which may be one that nobody has tested.
package check

import (
	"context"
	"math/rand/v2"

	"github.com/toller-search/toller/infer/simd"
)

// A Result is what came of checking one kernel of one instruction set.
type Result struct {
	Kernels string  // the instruction set
	Name    string  // what was computed
	Worst   float64 // largest absolute error; +Inf where a result is no number
	Allowed float64
}

// OK reports whether the error is within what rounding explains.
func (r Result) OK() bool { return r.Worst <= r.Allowed }

// Set checks every kernel of an instruction set on fixed random numbers, in a
// tenth of a second or so. Meanwhile the whole process uses that set; afterwards
// the one that it used before. An error is that of an unknown set, or the
// context's.
func Set(ctx context.Context, name string) ([]Result, error) {
	return set(ctx, name, thorough)
}

// Brief is Set on fewer numbers, for programs that check at each start and
// are compiled while they run, as in web pages. It leaves out no kernel, and none
// of a kernel's ways.
func Brief(ctx context.Context, name string) ([]Result, error) {
	return set(ctx, name, brief)
}

func set(ctx context.Context, name string, e extent) ([]Result, error) {
	undo, err := simd.Use(name)
	if err != nil {
		return nil, err
	}
	defer undo()
	var results []Result
	for _, k := range kernels(e) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		worst := k.worst(rand.New(rand.NewPCG(1, 2)))
		results = append(results, Result{Kernels: name, Name: k.name, Worst: worst, Allowed: k.allowed})
	}
	return results, nil
}
