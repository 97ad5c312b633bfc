//go:build js && tollersimd && !purego

package simd

import "unsafe"

// What wasm/src/kernels.js provides: each function but the first has the name
// and the parameters of one in wasm/kernels, after the number of the variant.

// wasmHas tells whether a variant is there.
//
//go:wasmimport toller has
//go:noescape
func wasmHas(module int32) int32

//go:wasmimport toller panels
//go:noescape
func wasmPanels(module int32, dst unsafe.Pointer, ldd int32, x unsafe.Pointer, ldx int32, panels unsafe.Pointer, format, stride, count, n, cols, add int32, wide unsafe.Pointer)

//go:wasmimport toller max_panels
//go:noescape
func wasmMaxPanels(module int32, best, x, panels unsafe.Pointer, count, n, cols int32)

//go:wasmimport toller pack_panel
//go:noescape
func wasmPackPanel(module int32, panel, rows unsafe.Pointer, cols int32)

//go:wasmimport toller add
//go:noescape
func wasmAdd(module int32, x, y unsafe.Pointer, n int32)

//go:wasmimport toller scale
//go:noescape
func wasmScale(module int32, x unsafe.Pointer, by float32, n int32)

//go:wasmimport toller scale_rows
//go:noescape
func wasmScaleRows(module int32, x unsafe.Pointer, ld, width int32, by unsafe.Pointer, rows int32)

//go:wasmimport toller rotate
//go:noescape
func wasmRotate(module int32, x, cos, sin unsafe.Pointer, n, half int32)

//go:wasmimport toller layer_norm
//go:noescape
func wasmLayerNorm(module int32, dst, x, weight unsafe.Pointer, n, width int32, eps float32)

//go:wasmimport toller softmax
//go:noescape
func wasmSoftmax(module int32, s unsafe.Pointer, ld, rows, count int32, scale float32, max, sum unsafe.Pointer)

//go:wasmimport toller geglu
//go:noescape
func wasmGeGLU(module int32, dst, u, g unsafe.Pointer, n int32)

//go:wasmimport toller widen
//go:noescape
func wasmWiden(module int32, dst, src unsafe.Pointer, n, format int32)

//go:wasmimport toller decode_int8
//go:noescape
func wasmDecodeInt8(module int32, dst, codes, scales unsafe.Pointer, n, dim int32)

//go:wasmimport toller decode_residual
//go:noescape
func wasmDecodeResidual(module int32, dst, codes unsafe.Pointer, bits int32, weights, scales, centroids, ids unsafe.Pointer, n, dim int32)
