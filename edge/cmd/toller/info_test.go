package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/infer/simd"
)

func TestInfo(t *testing.T) {
	var got modelInfo
	decode(t, toller(t, "", "info", "--json", "--threads", "2").want(t, exitOK).stdout, &got)
	if got.Dim == 0 || got.Parameters == 0 || got.Threads != 2 || got.Heap == 0 || !slices.Contains(got.KernelSets, got.Kernels) {
		t.Errorf("found %+v", got)
	}
	if want := simd.Features(); !slices.Equal(got.Features, want) {
		t.Errorf("features: expected %v, found %v", want, got.Features)
	}
	text := toller(t, "", "info").want(t, exitOK).stdout
	for _, part := range []string{got.Name, got.Fingerprint.String(), got.Kernels, got.DType, got.Embeddings, got.Numerics.String(), terminal.Grouped(got.Parameters)} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in:\n%s", part, text)
		}
	}
}
