package simd

import "golang.org/x/sys/cpu"

func features() []feature {
	x := &cpu.X86
	return []feature{
		{"avx", x.HasAVX},
		{"f16c", x.HasF16C},
		{"fma", x.HasFMA},
		{"avx2", x.HasAVX2},
		{"avx_vnni", x.HasAVXVNNI},
		{"avx_vnni_int8", x.HasAVXVNNIInt8},
		{"avx512f", x.HasAVX512F},
		{"avx512dq", x.HasAVX512DQ},
		{"avx512bw", x.HasAVX512BW},
		{"avx512vl", x.HasAVX512VL},
		{"avx512_vnni", x.HasAVX512VNNI},
		{"avx512_bf16", x.HasAVX512BF16},
		{"amx_tile", x.HasAMXTile},
		{"amx_int8", x.HasAMXInt8},
		{"amx_bf16", x.HasAMXBF16},
	}
}
