package simd

import "golang.org/x/sys/cpu"

func features() []feature {
	return []feature{{"neon", cpu.ARM.HasNEON}, {"vfpv4", cpu.ARM.HasVFPv4}}
}
