package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/conformance"
	"github.com/toller-search/toller/infer/simd"
)

func TestSelftest(t *testing.T) {
	var report conformance.Report
	decode(t, toller(t, "", "selftest", "--json").want(t, exitOK).stdout, &report)
	if report.Failed != 0 || report.Unrecorded || report.Kernels != simd.Name() {
		t.Errorf("report: %+v", report)
	}
	for _, set := range simd.Names() {
		if !slices.ContainsFunc(report.Checks, func(c conformance.Comparison) bool { return c.Kernels == set }) {
			t.Errorf("no check of %s", set)
		}
	}
	text := toller(t, "", "selftest").want(t, exitOK).stdout
	if want := terminal.Count(len(report.Checks), "check") + " passed"; !strings.Contains(text, want) {
		t.Errorf("%q is not in:\n%s", want, text)
	}
}
