package simd

// Add adds y to x, in place; the two have one length.
func Add(x, y []float32) { active.Load().add(x, y[:len(x)]) }

// AddBias adds bias to every row of x [n, len(bias)], in place.
func AddBias(x, bias []float32) {
	k := active.Load()
	width := len(bias)
	for at := 0; at < len(x); at += width {
		k.add(x[at:][:width], bias)
	}
}

// MatMulBias computes dst = x · wᵀ + bias for dst [n, w.Rows], x [n, w.Cols]
// and bias [w.Rows]. dst and x must not overlap.
func MatMulBias(dst, x []float32, n int, w *Matrix, bias []float32) {
	for r := range n {
		copy(dst[r*w.rows:][:w.rows], bias)
	}
	MatMulAdd(dst, x, n, w)
}

// LayerNormBias computes dst = (x − mean(x)) / sqrt(var(x) + eps) ⊙ weight +
// bias for every row of x [n, len(weight)], with the population variance. dst
// may be x.
func LayerNormBias(dst, x, weight, bias []float32, eps float32) {
	LayerNorm(dst, x, weight, eps)
	AddBias(dst[:len(x)], bias[:len(weight)])
}

func addGeneric(x, y []float32) {
	for i, v := range y {
		x[i] += v
	}
}
