package infer

import (
	"math"

	"github.com/toller-search/toller/infer/weights"
)

// reference is ModernBERT in float64, one line per line of its definition and
// with every matrix written out: scores of all pairs, no tiles, no cache.
func reference(c Config, tensors map[string]weights.Tensor, s Sequence) [][]float64 {
	get := func(name string) [][]float64 { return matrix(tensors[name]) }
	keys := s.Keys
	if keys == 0 {
		keys = len(s.IDs)
	}
	var h [][]float64
	for _, id := range s.IDs {
		h = append(h, get(embeddingsName)[id])
	}
	eps := float64(c.NormEps)
	h = layerNorm(h, get(embeddingNormName), eps)
	for i, l := range c.ModernBERT.Layers {
		prefix := "layers." + string(rune('0'+i)) + "."
		a := h
		if i > 0 {
			a = layerNorm(h, get(prefix+"attn_norm.weight"), eps)
		}
		qkv := product(a, get(prefix+"attn.Wqkv.weight"))
		mixed := zeros(len(h), c.HiddenSize)
		for head := range c.Heads {
			attend(mixed, qkv, c, l, head, keys)
		}
		add(h, product(mixed, get(prefix+"attn.Wo.weight")))
		ug := product(layerNorm(h, get(prefix+"mlp_norm.weight"), eps), get(prefix+"mlp.Wi.weight"))
		gated := zeros(len(h), c.IntermediateSize)
		for r := range gated {
			for j := range gated[r] {
				u, g := ug[r][j], ug[r][c.IntermediateSize+j]
				gated[r][j] = 0.5 * u * (1 + math.Erf(u/math.Sqrt2)) * g
			}
		}
		add(h, product(gated, get(prefix+"mlp.Wo.weight")))
	}
	return layerNorm(h, get(finalNormName), eps)
}

// attend writes one head's attention into its columns of mixed.
func attend(mixed, qkv [][]float64, c Config, l ModernBERTLayer, head, keys int) {
	n, dim := len(qkv), c.HeadDim()
	q := rotated(qkv, head*dim, dim, l.RopeTheta)
	k := rotated(qkv, c.HiddenSize+head*dim, dim, l.RopeTheta)
	for i := range n {
		weight, sum := make([]float64, n), 0.0
		for j := range keys {
			if l.Global || abs(i-j) <= c.ModernBERT.HalfWindow {
				dot := 0.0
				for d := range dim {
					dot += q[i][d] * k[j][d]
				}
				weight[j] = math.Exp(dot / math.Sqrt(float64(dim)))
				sum += weight[j]
			}
		}
		if sum == 0 { // every score minus infinity: all positions alike
			for j := range n {
				weight[j], sum = 1, float64(n)
			}
		}
		for j, w := range weight {
			for d := range dim {
				mixed[i][head*dim+d] += w / sum * qkv[j][2*c.HiddenSize+head*dim+d]
			}
		}
	}
}

// rotated applies rotary position embedding to dim columns of x, from first on.
func rotated(x [][]float64, first, dim int, theta float64) [][]float64 {
	y := zeros(len(x), dim)
	for position := range x {
		v := x[position][first:][:dim]
		for d := range dim / 2 {
			power := float32(math.Pow(theta, float64(float32(2*d)/float32(dim))))
			angle := float64(float32(position) * (1 / power))
			sin, cos := math.Sincos(angle)
			y[position][d] = v[d]*cos - v[d+dim/2]*sin
			y[position][d+dim/2] = v[d+dim/2]*cos + v[d]*sin
		}
	}
	return y
}

func abs(i int) int { return max(i, -i) }

func zeros(n, width int) [][]float64 {
	x := make([][]float64, n)
	for i := range x {
		x[i] = make([]float64, width)
	}
	return x
}

// matrix widens a tensor; a vector becomes a single row.
func matrix(t weights.Tensor) [][]float64 {
	values := t.Float32s()
	width := t.Shape[len(t.Shape)-1]
	x := zeros(len(values)/width, width)
	for i, v := range values {
		x[i/width][i%width] = float64(v)
	}
	return x
}

func product(x, w [][]float64) [][]float64 {
	y := zeros(len(x), len(w))
	for r := range x {
		for j, row := range w {
			var sum float64
			for c, v := range x[r] {
				sum += v * row[c]
			}
			y[r][j] = sum
		}
	}
	return y
}

func add(x, y [][]float64) {
	for r := range x {
		for c := range x[r] {
			x[r][c] += y[r][c]
		}
	}
}

func layerNorm(x, weight [][]float64, eps float64) [][]float64 {
	y := zeros(len(x), len(x[0]))
	for r, row := range x {
		var mean, variance float64
		for _, v := range row {
			mean += v / float64(len(row))
		}
		for _, v := range row {
			variance += (v - mean) * (v - mean) / float64(len(row))
		}
		for c, v := range row {
			y[r][c] = (v - mean) / math.Sqrt(variance+eps) * weight[0][c]
		}
	}
	return y
}
