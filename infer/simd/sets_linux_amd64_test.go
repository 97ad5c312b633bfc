//go:build !purego

package simd

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestDetection holds the processor's own flags against the sets found, so
// that a wrong detection doesn't pass for an old processor.
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
	if want := has("avx2", "fma", "f16c"); slices.Contains(Names(), "avx2") != want {
		t.Errorf("avx2: the processor says %v, found %v", want, Names())
	}
}
