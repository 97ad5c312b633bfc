package check

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/infer/simd"
)

// useFastest has the fastest instruction set in use, and after the test what was
// before.
func useFastest(t *testing.T) (names []string) {
	t.Helper()
	names = simd.Names()
	undo, err := simd.Use(names[len(names)-1])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(undo)
	return names
}

func TestFallbackStays(t *testing.T) {
	names := useFastest(t)
	off, err := Fallback(t.Context())
	if err != nil || len(off) > 0 {
		t.Errorf("expected nothing to be off, found %v, %v", off, err)
	}
	if used := simd.Name(); used != names[len(names)-1] {
		t.Errorf("expected %s still in use, found %s", names[len(names)-1], used)
	}
}

// TestFallback has all sets off but the slowest so many.
func TestFallback(t *testing.T) {
	names := useFastest(t)
	for right := range len(names) + 1 {
		undo, err := simd.Use(names[len(names)-1])
		if err != nil {
			t.Fatal(err)
		}
		off, err := fallback(t.Context(), func(_ context.Context, set string) ([]Result, error) {
			r := Result{Kernels: set, Name: "addition", Worst: 1}
			if slices.Index(names, set) < right {
				r.Worst = 0
			}
			return []Result{{Kernels: set, Name: "scaling"}, r}, nil
		})
		if len(off) != len(names)-right {
			t.Errorf("%d sets are right: found %d results that are off: %v", right, len(off), off)
		}
		switch {
		case right == 0:
			if err == nil || !strings.Contains(err.Error(), "generic: addition: off by") {
				t.Errorf("no set is right: found error %v", err)
			}
		case err != nil || simd.Name() != names[right-1]:
			t.Errorf("%d sets are right: expected %s in use, found %s, error %v", right, names[right-1], simd.Name(), err)
		}
		undo()
	}
}

func TestFallbackCanceled(t *testing.T) {
	names := useFastest(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Fallback(ctx); !errors.Is(err, context.Canceled) || simd.Name() != names[len(names)-1] {
		t.Errorf("a context that is done: found error %v, and %s in use", err, simd.Name())
	}
}
