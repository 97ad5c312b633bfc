package conformance

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/builtin"
	"github.com/toller-search/toller/infer/simd"
)

func open(t *testing.T) *edge.Model {
	t.Helper()
	m, err := builtin.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func TestCheck(t *testing.T) {
	before := simd.Name()
	report, err := Check(t.Context(), open(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range report.Checks {
		t.Logf("%-8s %-30s off by %.1e of %.0e", c.Kernels, c.Name, c.Worst, c.Allowed)
		if !c.OK || c.Problem != "" {
			t.Errorf("%+v", c)
		}
	}
	if report.Failed != 0 || report.Unrecorded || report.Kernels != before || simd.Name() != before {
		t.Errorf("%d failed, unrecorded %v, kernels %s, now %s, before %s", report.Failed, report.Unrecorded, report.Kernels, simd.Name(), before)
	}
	for _, set := range simd.Names() {
		if !slices.ContainsFunc(report.Checks, func(c Comparison) bool { return c.Kernels == set && c.Name == "vectors of the model" }) {
			t.Errorf("no vectors compared with %s", set)
		}
	}
}

func TestCheckEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Check(ctx, open(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("expected the context's error, found %v", err)
	}
}

// A self-test that can't fail is worth nothing.
func TestNotices(t *testing.T) {
	expected, err := Recorded()
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Recording){
		"a vector":  func(r *Recording) { r.Documents[2].Some[1][7] += 1e-4 },
		"the mean":  func(r *Recording) { r.Queries[0].Mean[0] -= 1e-4 },
		"a score":   func(r *Recording) { r.Scores[1][3] += 1e-3 },
		"no number": func(r *Recording) { r.Documents[0].Some[0][0] = float32(math.NaN()) },
		"an id":     func(r *Recording) { r.Documents[0].IDs[2]++ },
		"a token":   func(r *Recording) { r.Documents[0].IDs = r.Documents[0].IDs[1:] },
	} {
		t.Run(name, func(t *testing.T) {
			other, err := Recorded()
			if err != nil {
				t.Fatal(err)
			}
			change(other)
			var report Report
			vector, score, problem := expected.differences(other)
			report.add("any", "vectors", vector, vectorAllowed, problem)
			report.add("any", "scores", score, scoreAllowed, problem)
			if report.Failed == 0 {
				t.Error("unnoticed")
			}
		})
	}
	if vector, score, err := expected.differences(expected); vector != 0 || score != 0 || err != nil {
		t.Errorf("the recording differs from itself: %g, %g, %v", vector, score, err)
	}
}
