package simd

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestExpectedKernels says which instruction sets run here, and which that this
// build has don't. TOLLER_EXPECT_SETS names those that must be available, or says
// "all"; TOLLER_EXPECT_KERNELS names the one that must be in use. They are for
// runs whose point is a certain set, and which would otherwise pass without it.
func TestExpectedKernels(t *testing.T) {
	var built, missing []string
	for _, k := range builtSets {
		built = append(built, k.name)
		if !slices.Contains(Names(), k.name) {
			missing = append(missing, k.name)
		}
	}
	t.Logf("kernels in use: %s, available: %s", Name(), strings.Join(Names(), " "))
	if len(missing) > 0 {
		t.Logf("KERNELS NOT RUN: this processor lacks what %s needs", strings.Join(missing, ", "))
	}
	for _, name := range Names() {
		if !slices.Contains(built, name) {
			t.Errorf("%s is available, and not among builtSets: %v", name, built)
		}
	}
	want := strings.Fields(os.Getenv("TOLLER_EXPECT_SETS"))
	if slices.Equal(want, []string{"all"}) {
		want = built
	}
	for _, name := range want {
		if !slices.Contains(Names(), name) {
			t.Errorf("TOLLER_EXPECT_SETS: expected %s, available are %v", name, Names())
		}
	}
	if want := os.Getenv("TOLLER_EXPECT_KERNELS"); want != "" && Name() != want {
		t.Errorf("TOLLER_EXPECT_KERNELS: expected %s in use, found %s of %v", want, Name(), Names())
	}
}
