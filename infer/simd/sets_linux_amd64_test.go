//go:build !purego

package simd

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestDetection holds the processor's own flags against the sets and features
// found, so that a wrong detection doesn't pass for an old processor.
func TestDetection(t *testing.T) {
	cpuinfo, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		t.Fatal(err)
	}
	_, flags, _ := strings.Cut(string(cpuinfo), "flags")
	flags, _, _ = strings.Cut(flags, "\n")
	has := func(names ...string) bool {
		for _, n := range names {
			if !slices.Contains(strings.Fields(flags), n) {
				return false
			}
		}
		return true
	}
	avx2 := has("avx2", "fma", "f16c")
	for name, want := range map[string]bool{"avx2": avx2, "avx512": avx2 && has("avx512f")} {
		if slices.Contains(Names(), name) != want {
			t.Errorf("%s: the processor says %v, found %v", name, want, Names())
		}
	}
	for _, f := range features() {
		if strings.HasPrefix(f.name, "amx_") && f.has {
			continue // the kernel's list has them where it lets programs use them
		}
		if f.has != has(f.name) {
			t.Errorf("%s: the processor says %v, found %v", f.name, has(f.name), f.has)
		}
	}
}
