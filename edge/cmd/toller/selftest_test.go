package main

import (
	"testing"

	"github.com/toller-search/toller/edge/cmd/toller/selftest"
	"github.com/toller-search/toller/infer/simd"
)

func TestSelftest(t *testing.T) {
	var report selftest.Report
	decode(t, toller(t, "", "selftest", "--json").want(t, exitOK).stdout, &report)
	if report.Failed != 0 || report.Kernels != simd.Name() {
		t.Errorf("report: %+v", report)
	}
	if len(report.Checks) < 12*len(simd.Names()) {
		t.Errorf("%d checks", len(report.Checks))
	}
	toller(t, "", "selftest").want(t, exitOK)
}
