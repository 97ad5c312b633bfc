//go:build js && tollersimd && !purego

package simd

// builtSets lists what this build has, whatever the engine.
var builtSets = append([]*kernels{&generic}, wasmSets...)
