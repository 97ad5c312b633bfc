// Package simd holds the arithmetic kernels of the encoder and of late
// interaction.
//
// Package reference defines every kernel by its formula, in float64. Here they
// are in plain Go (generic.go), which any machine can run, and beside that in
// assembly for instruction sets that are faster ways to the same numbers. All
// are tested against the definition, and package check does so on a user's
// machine. Which set runs is decided once, at start, from what the processor
// offers:
//
//	avx512   amd64 with AVX-512F, and all that avx2 needs
//	avx2     amd64 with AVX2, FMA and F16C
//	neon     arm64
//	relaxed  js/wasm with the tag tollersimd, where the engine has relaxed SIMD
//	simd128  the same, where it has SIMD
//	generic  everything else, and any build with the tag purego
//
// The two for js/wasm are modules beside Go's, which wasm/src/kernels.js connects:
// without the tag a program needs no imports but Go's own.
//
// The environment variable TOLLER_SIMD forces one by name, and Use does so in
// a running process (for tests and for comparing sets).
//
// # Numbers
//
// Each output element is summed in one fixed order that depends on
// nothing but its own operands: not on how many rows are computed together,
// not on which thread computes them. That is what makes a text's vectors
// bit-identical in every batch. Between instruction sets the last bits differ.
//
// # Formats
//
// Weights stay in the format that they are stored in. Everything that is known
// of a format is in one table (dtype.go): how rows are stored, widened to
// float32, laid out for products and multiplied.
//
// # Shapes
//
// Matrices are row-major []float32 with the shape given in the comment of each
// function. A slice that is too short for its shape is a programming error and
// panics like any index out of range; no kernel reads or writes past a slice.
package simd
