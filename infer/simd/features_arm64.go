package simd

import "golang.org/x/sys/cpu"

func features() []feature {
	a := &cpu.ARM64
	return []feature{
		{"asimd", true}, // part of ARMv8-A
		{"asimdhp", a.HasASIMDHP},
		{"asimddp", a.HasASIMDDP},
		{"asimdfhm", a.HasASIMDFHM},
		{"i8mm", a.HasI8MM},
		{"sve", a.HasSVE},
		{"sve2", a.HasSVE2},
	}
}
