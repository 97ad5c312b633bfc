// Package kernels has no Go code: it is where the SIMD kernels of the browser
// are, in the folder source. infer/simd, built for js/wasm with the tag tollersimd, calls them by way of
// wasm/src/kernels.js. They are C with clang's intrinsics; simd128.wasm and
// relaxed.wasm are built from them, and checked in because building them takes a
// certain compiler: see the file build.
package kernels

//go:generate ./build
