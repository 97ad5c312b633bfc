package check

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/toller-search/toller/infer/simd"
)

func TestSets(t *testing.T) {
	before := simd.Name()
	for what, check := range map[string]func(context.Context, string) ([]Result, error){"thorough": Set, "brief": Brief} {
		for _, set := range simd.Names() {
			results, err := check(t.Context(), set)
			if err != nil {
				t.Fatal(err)
			}
			if len(results) != len(kernels(thorough)) {
				t.Errorf("%s, %s: %d results of %d kernels", set, what, len(results), len(kernels(thorough)))
			}
			for _, r := range results {
				t.Logf("%-8s %-8s %-30s off by %.1e of %.0e", what, r.Kernels, r.Name, r.Worst, r.Allowed)
				if !r.OK() || r.Kernels != set {
					t.Errorf("%s: %+v", what, r)
				}
			}
		}
	}
	if simd.Name() != before {
		t.Errorf("expected %s again, found %s", before, simd.Name())
	}
}

func TestSetRefuses(t *testing.T) {
	if _, err := Set(t.Context(), "mmx"); err == nil || !strings.Contains(err.Error(), `"mmx"`) {
		t.Errorf("unknown set: found error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Set(ctx, "generic"); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that is done: found error %v", err)
	}
}

// A check that can't fail is worth nothing.
func TestNotices(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	want := normals(r, 9, 1)
	for name, change := range map[string]func(x []float32){
		"a number": func(x []float32) { x[8] += 1e-4 },
		"NaN":      func(x []float32) { x[0] = float32(math.NaN()) },
		"infinity": func(x []float32) { x[3] = float32(math.Inf(-1)) },
	} {
		got := append([]float32(nil), want...)
		change(got)
		if (Result{Worst: difference(got, want), Allowed: 1e-5}).OK() {
			t.Errorf("%s: unnoticed", name)
		}
	}
	if d := difference(want, want); d != 0 {
		t.Errorf("numbers differ from themselves by %g", d)
	}
}
