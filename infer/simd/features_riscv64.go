package simd

import "golang.org/x/sys/cpu"

func features() []feature {
	return []feature{{"v", cpu.RISCV64.HasV}}
}
