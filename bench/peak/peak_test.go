package peak

import (
	"testing"
	"time"

	"github.com/toller-search/toller/infer/simd"
)

// TestFLOPs runs the loop of every instruction set of this machine: each has
// one, and no core has ever done a tenth of a billion or a trillion a second.
func TestFLOPs(t *testing.T) {
	for _, set := range simd.Names() {
		flops := FLOPs(set, 10*time.Millisecond)
		if set == "generic" {
			if flops != 0 {
				t.Errorf("generic: expected no loop, found %g", flops)
			}
			continue
		}
		t.Logf("%s: %.1f GFLOP/s", set, flops/1e9)
		if flops < 1e8 || flops > 1e12 {
			t.Errorf("%s: %g operations a second", set, flops)
		}
	}
}
