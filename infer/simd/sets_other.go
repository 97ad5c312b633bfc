//go:build purego || !(amd64 || arm64 || (js && tollersimd))

package simd

// machineSets lists the instruction sets beyond the portable one: none here.
func machineSets() []*kernels { return nil }
