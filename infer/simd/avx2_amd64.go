//go:build !purego

package simd

// avx2 needs AVX2, FMA and F16C: Intel since Haswell, AMD since Excavator.
var avx2 = kernels{
	name: "avx2",
	// A float32 sum over 384 columns rounds so often that a model of ten layers
	// misses the float64 reference by 7e-5; put together from stretches of 64
	// it stays near 3e-5.
	sumLength: 64,
	panelF32:  panelF32AVX2,
	panelF16:  panelF16AVX2,
	panelBF16: panelBF16AVX2,
	maxPanel:  maxPanelAVX2,
	layerNorm: layerNormAVX2,
	geGLU:     geGLUAVX2,
	rotate:    rotateAVX2,
	softmax:   softmaxAVX2,
	scale:     scaleAVX2,
	add:       addAVX2,
	widenF16:  widenF16AVX2,
	widenBF16: widenBF16AVX2,

	packPanel:      packPanelAVX2,
	decodeInt8:     decodeInt8AVX2,
	decodeResidual: decodeResidualAVX2,
}

// panelF32AVX2 is panelGeneric with float32 sums.
//
//go:noescape
func panelF32AVX2(dst []float32, ldd int, x []float32, ldx int, panel []float32, n, cols int, add bool)

// panelF16AVX2 is panelF16Generic with float32 sums.
//
//go:noescape
func panelF16AVX2(dst []float32, ldd int, x []float32, ldx int, panel []uint16, n, cols int, add bool)

// panelBF16AVX2 is panelBF16Generic with float32 sums.
//
//go:noescape
func panelBF16AVX2(dst []float32, ldd int, x []float32, ldx int, panel []uint16, n, cols int, add bool)

// The kernels below work on whole vectors of eight; what is left over at the
// end of a row goes through a padded copy or the generic kernel.

func layerNormAVX2(dst, x, weight []float32, eps float32) {
	if len(x)%8 != 0 {
		layerNormGeneric(dst, x, weight, eps)
		return
	}
	layerNorm8AVX2(dst, x, weight, eps)
}

// layerNorm8AVX2 is layerNormGeneric for a multiple of eight values.
//
//go:noescape
func layerNorm8AVX2(dst, x, weight []float32, eps float32)

func geGLUAVX2(dst, u, g []float32) {
	whole := len(u) &^ 7
	geGLU8AVX2(dst[:whole], u, g, &vectors)
	geGLUGeneric(dst[whole:], u[whole:], g[whole:])
}

// geGLU8AVX2 is geGLUGeneric for the len(dst) values of dst, a multiple of
// eight.
//
//go:noescape
func geGLU8AVX2(dst, u, g []float32, v *vectorConstants)

func rotateAVX2(x, cos, sin []float32) {
	if len(cos)%8 != 0 {
		rotateGeneric(x, cos, sin)
		return
	}
	rotate8AVX2(x, cos, sin)
}

// rotate8AVX2 is rotateGeneric for a multiple of eight pairs.
//
//go:noescape
func rotate8AVX2(x, cos, sin []float32)

// softmaxAVX2 is softmaxGeneric for each row; scores must be finite and there
// must be one.
func softmaxAVX2(s []float32, ld, count int, scale float32, max, sum []float32) {
	softmaxRowsAVX2(s, ld, len(max), count, scale, max, sum, &vectors)
}

//go:noescape
func softmaxRowsAVX2(s []float32, ld, rows, count int, scale float32, max, sum []float32, v *vectorConstants)

func scaleAVX2(x []float32, by float32) {
	whole := len(x) &^ 7
	scale8AVX2(x[:whole], by)
	scaleGeneric(x[whole:], by)
}

//go:noescape
func scale8AVX2(x []float32, by float32)

func widenF16AVX2(dst []float32, src []byte) {
	whole := len(dst) &^ 7
	widenF16x8AVX2(dst[:whole], src)
	widenF16Generic(dst[whole:], src[2*whole:])
}

//go:noescape
func widenF16x8AVX2(dst []float32, src []byte)

func widenBF16AVX2(dst []float32, src []byte) {
	whole := len(dst) &^ 7
	widenBF16x8AVX2(dst[:whole], src)
	widenBF16Generic(dst[whole:], src[2*whole:])
}

//go:noescape
func widenBF16x8AVX2(dst []float32, src []byte)
