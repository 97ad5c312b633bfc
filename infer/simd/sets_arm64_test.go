//go:build !purego

package simd

import "testing"

// builtSets lists what this build has, whatever the processor.
var builtSets = []*kernels{&generic, &neon}

// TestDetection demands NEON, and that it is the first choice: every arm64
// processor that Go runs on has it.
func TestDetection(t *testing.T) {
	names := Names()
	if last := names[len(names)-1]; last != "neon" {
		t.Errorf("expected neon last, found %v", names)
	}
}
