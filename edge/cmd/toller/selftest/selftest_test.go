package selftest

import (
	"math"
	"testing"

	"github.com/toller-search/toller/edge/builtin"
	"github.com/toller-search/toller/infer/simd"
)

func TestRun(t *testing.T) {
	m, err := builtin.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	report, err := Run(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	if report.Failed != 0 || report.Kernels != simd.Name() || report.Unrecorded {
		t.Errorf("report: %+v", report)
	}
	if want := len(simd.Names()) * (len(kernelChecks) + 2); len(report.Checks) != want {
		t.Errorf("%d checks, want %d", len(report.Checks), want)
	}
	for _, c := range report.Checks {
		t.Logf("%-8s %-30s off by %.1e of %.0e", c.Kernels, c.Name, c.Worst, c.Allowed)
	}
}

// A self-test that can't fail is worth nothing.
func TestSelftestNotices(t *testing.T) {
	expected, err := loadRecording()
	if err != nil {
		t.Fatal(err)
	}
	changes := map[string]func(*recording){
		"a vector":  func(c *recording) { c.Documents[2].Some[1][7] += 1e-4 },
		"the mean":  func(c *recording) { c.Queries[0].Mean[0] -= 1e-4 },
		"a score":   func(c *recording) { c.Scores[1][3] += 1e-3 },
		"no number": func(c *recording) { c.Documents[0].Some[0][0] = float32(math.NaN()) },
		"an id":     func(c *recording) { c.Documents[0].IDs[2]++ },
		"a token":   func(c *recording) { c.Documents[0].IDs = c.Documents[0].IDs[1:] },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			other, err := loadRecording()
			if err != nil {
				t.Fatal(err)
			}
			change(other)
			vector, score, err := expected.differences(other)
			if err == nil && vector <= vectorAllowed && score <= scoreAllowed {
				t.Error("unnoticed")
			}
		})
	}
	if vector, score, err := expected.differences(expected); vector != 0 || score != 0 || err != nil {
		t.Errorf("the recording differs from itself: %g, %g, %v", vector, score, err)
	}
}
