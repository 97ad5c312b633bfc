//go:build !purego

package simd

import "golang.org/x/sys/cpu"

// machineSets lists the instruction sets of this processor, slowest first.
func machineSets() []*kernels {
	var sets []*kernels
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA && cpu.X86.HasF16C {
		sets = append(sets, &avx2)
		if cpu.X86.HasAVX512F {
			sets = append(sets, &avx512)
		}
	}
	return sets
}
