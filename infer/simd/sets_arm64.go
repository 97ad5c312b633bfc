//go:build !purego

package simd

import "unsafe"

// machineSets lists the instruction sets of this processor, slowest first.
// Nothing needs detecting: what neon uses is in every ARMv8-A processor that Go
// runs on.
func machineSets() []*kernels { return []*kernels{&neon} }

// neon needs ARMv8.0-A alone, without half-precision arithmetic or dot
// products: a Raspberry Pi 4 has all of it.
var neon = kernels{
	name: "neon",
	// As for avx2: longer float32 sums would round too often.
	sumLength: 64,
	panelF32:  panelF32NEON,
	panelF16:  panelF16NEON,
	panelBF16: panelBF16NEON,
	maxPanel:  maxPanelNEON,
	layerNorm: layerNormNEON,
	geGLU:     geGLUNEON,
	rotate:    rotateNEON,
	softmax:   rowByRow(softmaxNEON),
	scale:     scaleNEON,
	add:       addNEON,
	widenF16:  widenF16NEON,
	widenBF16: widenBF16NEON,

	packPanel:      packPanelNEON,
	decodeInt8:     decodeInt8NEON,
	decodeResidual: decodeResidualNEON,
}

// panelF32NEON is panelGeneric with float32 sums.
//
//go:noescape
func panelF32NEON(dst []float32, ldd int, x []float32, ldx int, panel []float32, n, cols int, add bool)

// NEON converts a register of float16 in two instructions that share a pipe
// with the products. A panel is therefore widened once, into a buffer that
// stays in the first-level cache, and not again for every four rows.

// panelF16NEON is panelF16Generic with float32 sums.
func panelF16NEON(dst []float32, ldd int, x []float32, ldx int, panel []uint16, n, cols int, add bool) {
	wide := borrow(len(panel))
	widenF16x8NEON(*wide, unsafe.Pointer(unsafe.SliceData(panel)))
	panelF32NEON(dst, ldd, x, ldx, *wide, n, cols, add)
	scratch.Put(wide)
}

// panelBF16NEON is panelBF16Generic with float32 sums.
func panelBF16NEON(dst []float32, ldd int, x []float32, ldx int, panel []uint16, n, cols int, add bool) {
	wide := borrow(len(panel))
	widenBF16x8NEON(*wide, unsafe.Pointer(unsafe.SliceData(panel)))
	panelF32NEON(dst, ldd, x, ldx, *wide, n, cols, add)
	scratch.Put(wide)
}

// maxPanelNEON is maxPanelGeneric with float32 sums.
//
//go:noescape
func maxPanelNEON(best []float32, x []float32, panel []float32, n, cols int)

// The kernels below work on whole vectors of four, or on two at a time; what is
// left over at the end of a row goes through the generic kernel. Softmax alone,
// whose rows have any length, does its own remainder.

func layerNormNEON(dst, x, weight []float32, eps float32) {
	if len(x)%4 != 0 {
		layerNormGeneric(dst, x, weight, eps)
		return
	}
	layerNorm4NEON(dst[:len(x)], x, weight[:len(x)], eps)
}

// layerNorm4NEON is layerNormGeneric for a multiple of four values.
//
//go:noescape
func layerNorm4NEON(dst, x, weight []float32, eps float32)

func geGLUNEON(dst, u, g []float32) {
	whole := len(u) &^ 7
	geGLU8NEON(dst[:whole], u, g[:whole], &vectors)
	geGLUGeneric(dst[whole:], u[whole:], g[whole:])
}

// geGLU8NEON is geGLUGeneric for the len(dst) values of dst, a multiple of
// eight.
//
//go:noescape
func geGLU8NEON(dst, u, g []float32, v *vectorConstants)

func rotateNEON(x, cos, sin []float32) {
	if len(cos)%4 != 0 {
		rotateGeneric(x, cos, sin)
		return
	}
	rotate4NEON(x[:2*len(cos)], cos, sin[:len(cos)])
}

// rotate4NEON is rotateGeneric for a multiple of four pairs.
//
//go:noescape
func rotate4NEON(x, cos, sin []float32)

// softmaxNEON is softmaxGeneric; scores must be finite.
func softmaxNEON(s []float32, scale, max float32) (newMax, sum float32) {
	return softmaxVectorNEON(s, scale, max, &vectors)
}

//go:noescape
func softmaxVectorNEON(s []float32, scale, max float32, v *vectorConstants) (newMax, sum float32)

func scaleNEON(x []float32, by float32) {
	whole := len(x) &^ 3
	scale4NEON(x[:whole], by)
	scaleGeneric(x[whole:], by)
}

// scale4NEON is scaleGeneric for a multiple of four values.
//
//go:noescape
func scale4NEON(x []float32, by float32)

func widenF16NEON(dst []float32, src []byte) {
	whole := len(dst) &^ 7
	widenF16x8NEON(dst[:whole], unsafe.Pointer(unsafe.SliceData(src)))
	widenF16Generic(dst[whole:], src[2*whole:])
}

// widenF16x8NEON converts the len(dst) binary16 values at src, a multiple of
// eight.
//
//go:noescape
func widenF16x8NEON(dst []float32, src unsafe.Pointer)

func widenBF16NEON(dst []float32, src []byte) {
	whole := len(dst) &^ 7
	widenBF16x8NEON(dst[:whole], unsafe.Pointer(unsafe.SliceData(src)))
	widenBF16Generic(dst[whole:], src[2*whole:])
}

// widenBF16x8NEON converts the len(dst) bfloat16 values at src, a multiple of
// eight.
//
//go:noescape
func widenBF16x8NEON(dst []float32, src unsafe.Pointer)
