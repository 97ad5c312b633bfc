//go:build purego || !(amd64 || arm64 || (js && tollersimd))

package simd

// builtSets lists what this build has, whatever the processor.
var builtSets = []*kernels{&generic}
