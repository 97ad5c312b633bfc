//go:build !purego

package simd

// builtSets lists what this build has, whatever the processor.
var builtSets = []*kernels{&generic, &avx2, &avx512}
