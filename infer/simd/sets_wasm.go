//go:build js && tollersimd && !purego

package simd

import "unsafe"

// The browser's kernels are a WebAssembly module of their own, beside Go's: Go's
// compiler makes no SIMD instructions there. The module works on Go's memory; its
// sources are in wasm/kernels, and wasm/src/kernels.js, which connects the two,
// provides the imports below. There are two variants of it.
const (
	simd128 = module(0)
	relaxed = module(1) // with relaxed SIMD: multiply-adds that round once
)

// machineSets lists the variants that the engine runs, slowest first.
func machineSets() []*kernels {
	var sets []*kernels
	for _, m := range []module{simd128, relaxed} {
		if wasmHas(int32(m)) != 0 {
			sets = append(sets, wasmSets[m])
		}
	}
	return sets
}

var wasmSets = []*kernels{simd128: wasmSet("simd128", simd128), relaxed: wasmSet("relaxed", relaxed)}

func wasmSet(name string, m module) *kernels {
	set := generic
	set.name = name
	// Sums are put together from stretches inside of the module.
	set.panelF32, set.panelF16, set.panelBF16 = m.panelF32, m.panelF16, m.panelBF16
	set.panelsF32, set.panelsF16, set.panelsBF16 = m.panelsF32, m.panelsF16, m.panelsBF16
	set.maxPanel, set.maxPair = m.maxPanel, m.maxPair
	set.layerNorm, set.normRows = m.layerNorm, m.layerNorm
	set.geGLU = m.geGLU
	set.rotate, set.rotateHeads = m.rotate, m.rotate
	set.softmax = m.softmax
	set.scale, set.scaleRows = m.scale, m.scaleRows
	set.add = m.add
	set.widenF16, set.widenBF16 = m.widenF16, m.widenBF16
	set.packPanel = m.packPanel
	set.decodeInt8, set.decodeResidual = m.decodeInt8, m.decodeResidual
	return &set
}

// module is a variant, by its number. Its methods are what the generic kernels of
// the same names are, with float32 sums.
type module int32

// Slices reach the module as offsets in memory, and no allocation moves there.
func data[T any](s []T) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(s)) }

// wide is a stretch of a panel in float32. There is one thread.
var wide [64 * PanelWidth]float32

func (m module) panels(dst []float32, ldd int, x []float32, ldx int, panels unsafe.Pointer, t DType, stride, count, n, cols int, add bool) {
	var adds int32
	if add {
		adds = 1
	}
	wasmPanels(int32(m), data(dst), int32(ldd), data(x), int32(ldx), panels, int32(t), int32(stride), int32(count), int32(n), int32(cols), adds, unsafe.Pointer(&wide))
}

func (m module) panelsF32(dst []float32, ldd int, x []float32, ldx int, panels []float32, stride, count, n, cols int, add bool) {
	m.panels(dst, ldd, x, ldx, data(panels), F32, stride, count, n, cols, add)
}

func (m module) panelsF16(dst []float32, ldd int, x []float32, ldx int, panels []uint16, stride, count, n, cols int, add bool) {
	m.panels(dst, ldd, x, ldx, data(panels), F16, stride, count, n, cols, add)
}

func (m module) panelsBF16(dst []float32, ldd int, x []float32, ldx int, panels []uint16, stride, count, n, cols int, add bool) {
	m.panels(dst, ldd, x, ldx, data(panels), BF16, stride, count, n, cols, add)
}

func (m module) panelF32(dst []float32, ldd int, x []float32, ldx int, panel []float32, n, cols int, add bool) {
	m.panels(dst, ldd, x, ldx, data(panel), F32, 0, 1, n, cols, add)
}

func (m module) panelF16(dst []float32, ldd int, x []float32, ldx int, panel []uint16, n, cols int, add bool) {
	m.panels(dst, ldd, x, ldx, data(panel), F16, 0, 1, n, cols, add)
}

func (m module) panelBF16(dst []float32, ldd int, x []float32, ldx int, panel []uint16, n, cols int, add bool) {
	m.panels(dst, ldd, x, ldx, data(panel), BF16, 0, 1, n, cols, add)
}

func (m module) maxPanel(best, x, panel []float32, n, cols int) {
	wasmMaxPanels(int32(m), data(best), data(x), data(panel), 1, int32(n), int32(cols))
}

func (m module) maxPair(best, x, panels []float32, n, cols int) {
	wasmMaxPanels(int32(m), data(best), data(x), data(panels), 2, int32(n), int32(cols))
}

func (m module) layerNorm(dst, x, weight []float32, eps float32) {
	wasmLayerNorm(int32(m), data(dst), data(x), data(weight), int32(len(x)), int32(len(weight)), eps)
}

func (m module) geGLU(dst, u, g []float32) {
	wasmGeGLU(int32(m), data(dst), data(u), data(g), int32(len(u)))
}

func (m module) rotate(x, cos, sin []float32) {
	wasmRotate(int32(m), data(x), data(cos), data(sin), int32(len(x)), int32(len(cos)))
}

func (m module) softmax(s []float32, ld, count int, scale float32, max, sum []float32) {
	wasmSoftmax(int32(m), data(s), int32(ld), int32(len(max)), int32(count), scale, data(max), data(sum))
}

func (m module) scale(x []float32, by float32) { wasmScale(int32(m), data(x), by, int32(len(x))) }

func (m module) scaleRows(x []float32, ld, width int, by []float32) {
	wasmScaleRows(int32(m), data(x), int32(ld), int32(width), data(by), int32(len(by)))
}

func (m module) add(x, y []float32) { wasmAdd(int32(m), data(x), data(y), int32(len(y))) }

func (m module) widenF16(dst []float32, src []byte) {
	wasmWiden(int32(m), data(dst), data(src), int32(len(dst)), int32(F16))
}

func (m module) widenBF16(dst []float32, src []byte) {
	wasmWiden(int32(m), data(dst), data(src), int32(len(dst)), int32(BF16))
}

func (m module) packPanel(panel, rows []float32, cols int) {
	wasmPackPanel(int32(m), data(panel), data(rows), int32(cols))
}

func (m module) decodeInt8(dst []float32, codes []byte, scales []float32, dim int) {
	wasmDecodeInt8(int32(m), data(dst), data(codes), data(scales), int32(len(scales)), int32(dim))
}

// residualWeights are the weights of a call, at the start of what the module
// reads of them.
var residualWeights [16]float32

func (m module) decodeResidual(dst []float32, codes []byte, bits int, weights, scales, centroids []float32, ids []uint16, dim int) {
	copy(residualWeights[:], weights)
	wasmDecodeResidual(int32(m), data(dst), data(codes), int32(bits), unsafe.Pointer(&residualWeights), data(scales), data(centroids), data(ids), int32(len(ids)), int32(dim))
}
