package simd

import "math"

// LayerNorm computes dst = (x − mean(x)) / sqrt(var(x) + eps) ⊙ weight for
// every row of x [n, len(weight)], with the population variance and no bias.
// dst may be x.
func LayerNorm(dst, x, weight []float32, eps float32) {
	k := active.Load()
	if k.normRows != nil {
		k.normRows(dst[:len(x)], x, weight, eps)
		return
	}
	width := len(weight)
	for at := 0; at < len(x); at += width {
		k.layerNorm(dst[at:][:width], x[at:][:width], weight, eps)
	}
}

// L2Normalize divides every row of x [n, dim] by max(‖row‖, 1e-12), in place,
// as torch.nn.functional.normalize does.
func L2Normalize(x []float32, dim int) {
	for at := 0; at < len(x); at += dim {
		row := x[at:][:dim]
		var squares float64
		for _, v := range row {
			squares += float64(v) * float64(v)
		}
		inverse := 1 / max(math.Sqrt(squares), 1e-12)
		for i, v := range row {
			row[i] = float32(float64(v) * inverse)
		}
	}
}
