//go:build !purego

package simd

// pairColumns is how many columns of their panels pairF16AVX512, quadF16AVX512
// and those for bfloat16 have room for in their frames.
const pairColumns = 64

// avx512 needs AVX512F, and what avx2 needs: Intel since Skylake-X, AMD since
// Zen 4.
var avx512 = kernels{
	name: "avx512",
	// As for avx2: longer float32 sums would round too often.
	sumLength:   pairColumns,
	panelF32:    panelF32AVX512,
	panelF16:    panelF16AVX512,
	panelBF16:   panelBF16AVX512,
	maxPanel:    maxPanelAVX512,
	pairF32:     pairF32AVX512,
	pairF16:     pairF16AVX512,
	pairBF16:    pairBF16AVX512,
	maxPair:     maxPairAVX512,
	quadF32:     quadF32AVX512,
	quadF16:     quadF16AVX512,
	quadBF16:    quadBF16AVX512,
	layerNorm:   layerNormAVX512,
	normRows:    layerNormAVX512,
	rotateHeads: rotateAVX512,
	geGLU:       geGLUAVX512,
	rotate:      rotateAVX512,
	softmax:     softmaxAVX512,
	scale:       scaleAVX2,
	add:         addAVX2,
	widenF16:    widenF16AVX512,
	widenBF16:   widenBF16AVX512,

	packPanel:      packPanelAVX2,
	decodeInt8:     decodeInt8AVX2,
	decodeResidual: decodeResidualAVX2,
}

// panelF32AVX512 is panelGeneric with float32 sums.
//
//go:noescape
func panelF32AVX512(dst []float32, ldd int, x []float32, ldx int, panel []float32, n, cols int, add bool)

// panelF16AVX512 is panelF16Generic with float32 sums.
//
//go:noescape
func panelF16AVX512(dst []float32, ldd int, x []float32, ldx int, panel []uint16, n, cols int, add bool)

// panelBF16AVX512 is panelBF16Generic with float32 sums.
//
//go:noescape
func panelBF16AVX512(dst []float32, ldd int, x []float32, ldx int, panel []uint16, n, cols int, add bool)

// maxPanelAVX512 is maxPanelGeneric with float32 sums.
//
//go:noescape
func maxPanelAVX512(best []float32, x []float32, panel []float32, n, cols int)

// layerNormAVX512 is layerNormGeneric for each row of x [n, len(weight)].
func layerNormAVX512(dst, x, weight []float32, eps float32) {
	width := len(weight)
	switch {
	case len(x) == 0:
	case width%32 == 0:
		layerNorm32AVX512(dst, x, weight, eps)
	default:
		for at := 0; at < len(x); at += width {
			layerNormAVX2(dst[at:][:width], x[at:][:width], weight, eps)
		}
	}
}

// layerNorm32AVX512 is layerNormGeneric for rows of a multiple of 32 values.
//
//go:noescape
func layerNorm32AVX512(dst, x, weight []float32, eps float32)

// rotateAVX512 is rotateGeneric for each head of x [heads, 2·len(cos)].
func rotateAVX512(x, cos, sin []float32) {
	switch size := 2 * len(cos); {
	case len(x) == 0:
	case len(cos)%16 == 0:
		rotate16AVX512(x, cos, sin)
	default:
		for ; len(x) > 0; x = x[size:] {
			rotateAVX2(x[:size], cos, sin)
		}
	}
}

// rotate16AVX512 is rotateGeneric for each head, and a multiple of sixteen pairs.
//
//go:noescape
func rotate16AVX512(x, cos, sin []float32)

// geGLUAVX512 is geGLUGeneric.
func geGLUAVX512(dst, u, g []float32) {
	geGLUVectorAVX512(dst, u[:len(dst)], g[:len(dst)], &vectors)
}

//go:noescape
func geGLUVectorAVX512(dst, u, g []float32, v *vectorConstants)

// softmaxAVX512 is softmaxGeneric for each row; scores must be finite and there
// must be one.
func softmaxAVX512(s []float32, ld, count int, scale float32, max, sum []float32) {
	softmaxRowsAVX512(s, ld, len(max), count, scale, max, sum, &vectors)
}

//go:noescape
func softmaxRowsAVX512(s []float32, ld, rows, count int, scale float32, max, sum []float32, v *vectorConstants)

func widenF16AVX512(dst []float32, src []byte) {
	whole := len(dst) &^ 15
	widenF16x16AVX512(dst[:whole], src)
	widenF16Generic(dst[whole:], src[2*whole:])
}

// widenF16x16AVX512 is widenF16Generic for a multiple of sixteen values.
//
//go:noescape
func widenF16x16AVX512(dst []float32, src []byte)

func widenBF16AVX512(dst []float32, src []byte) {
	whole := len(dst) &^ 15
	widenBF16x16AVX512(dst[:whole], src)
	widenBF16Generic(dst[whole:], src[2*whole:])
}

// widenBF16x16AVX512 is widenBF16Generic for a multiple of sixteen values.
//
//go:noescape
func widenBF16x16AVX512(dst []float32, src []byte)

// pairF32AVX512 is panelGeneric of two panels with float32 sums.
//
//go:noescape
func pairF32AVX512(dst []float32, ldd int, x []float32, ldx int, panels []float32, stride, next, n, cols int, add bool)

// pairF16AVX512 is panelF16Generic of two panels with float32 sums.
//
//go:noescape
func pairF16AVX512(dst []float32, ldd int, x []float32, ldx int, panels []uint16, stride, next, n, cols int, add bool)

// pairBF16AVX512 is panelBF16Generic of two panels with float32 sums.
//
//go:noescape
func pairBF16AVX512(dst []float32, ldd int, x []float32, ldx int, panels []uint16, stride, next, n, cols int, add bool)

// maxPairAVX512 is maxPanelGeneric of two panels with float32 sums.
//
//go:noescape
func maxPairAVX512(best []float32, x []float32, panels []float32, n, cols int)

// quadF32AVX512 is panelGeneric of four panels with float32 sums.
//
//go:noescape
func quadF32AVX512(dst []float32, ldd int, x []float32, ldx int, panels []float32, stride, next, n, cols int, add bool)

// quadF16AVX512 is panelF16Generic of four panels with float32 sums.
//
//go:noescape
func quadF16AVX512(dst []float32, ldd int, x []float32, ldx int, panels []uint16, stride, next, n, cols int, add bool)

// quadBF16AVX512 is panelBF16Generic of four panels with float32 sums.
//
//go:noescape
func quadBF16AVX512(dst []float32, ldd int, x []float32, ldx int, panels []uint16, stride, next, n, cols int, add bool)
