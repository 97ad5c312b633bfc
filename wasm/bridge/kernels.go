//go:build js

package bridge

import (
	"context"
	"fmt"
	"slices"
	"syscall/js"

	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/simd/check"
)

// handleKernels adds the methods that decide on the instruction set.
func (s *Session) handleKernels() {
	s.Handle("kernels.choose", chooseKernels)
	s.Handle("kernels.use", useKernels)
}

// chooseKernels takes the fastest instruction set that computes right on this
// machine: {name}, and in {warnings} what was wrong with those that don't. The
// portable one is Go's own code, and isn't checked.
func chooseKernels(ctx context.Context, _ js.Value) (any, error) {
	names := simd.Names()
	warnings := []any{}
	for _, name := range slices.Backward(names[1:]) {
		results, err := check.Brief(ctx, name)
		if err != nil {
			return nil, err
		}
		wrong := slices.IndexFunc(results, func(r check.Result) bool { return !r.OK() })
		if wrong < 0 {
			return chosen(name, warnings)
		}
		r := results[wrong]
		warnings = append(warnings, fmt.Sprintf("the kernels %s aren't used: %s is off by %g here, more than %g", name, r.Name, r.Worst, r.Allowed))
	}
	return chosen(names[0], warnings)
}

func chosen(name string, warnings []any) (any, error) {
	_, err := simd.Use(name)
	return map[string]any{"name": name, "warnings": warnings}, err
}

// useKernels takes the instruction set of that {name}, which another worker chose.
func useKernels(_ context.Context, a js.Value) (any, error) {
	_, err := simd.Use(a.Get("name").String())
	return nil, err
}
