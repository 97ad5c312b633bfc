package check

import (
	"context"
	"fmt"
	"slices"

	"github.com/toller-search/toller/infer/simd"
)

// Fallback checks the instruction set in use and, where a kernel of it is off,
// has the process use the next slower one, until all kernels of one are right. It
// returns the results that were off, for the program to say what it left and
// why; as a rule there are none. It is for machines that run code that was made
// where it couldn't be tested, such as a browser's.
//
// An error is the context's, or says that the portable kernels are off, too. Then
// the set in use is the one before.
func Fallback(ctx context.Context) ([]Result, error) {
	return fallback(ctx, Set)
}

func fallback(ctx context.Context, check func(ctx context.Context, set string) ([]Result, error)) ([]Result, error) {
	names := simd.Names()
	var off []Result
	for i := slices.Index(names, simd.Name()); i >= 0; i-- {
		results, err := check(ctx, names[i])
		if err != nil {
			return off, err
		}
		results = slices.DeleteFunc(results, Result.OK)
		if len(results) == 0 {
			_, err := simd.Use(names[i])
			return off, err
		}
		off = append(off, results...)
	}
	return off, fmt.Errorf("check: no instruction set computes as it must here: %v", off[len(off)-1])
}

// String says what was computed and how far off it is.
func (r Result) String() string {
	return fmt.Sprintf("%s: %s: off by %.1e of %.0e", r.Kernels, r.Name, r.Worst, r.Allowed)
}
