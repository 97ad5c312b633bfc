package infer

import (
	"fmt"
	"strings"

	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/weights"
)

// ModernBERT, as in huggingface/transformers' modeling_modernbert. With h the
// residual stream and LN a LayerNorm without bias:
//
//	h = LN(E[ids])
//	for each layer:
//	    a      = LN(h)                 (the first layer: a = h)
//	    q,k,v  = a·Wqᵀ, a·Wkᵀ, a·Wvᵀ   q and k rotated by their position
//	    h     += attention(q, k, v)·Woᵀ
//	    u,g    = halves of LN(h)·Wiᵀ
//	    h     += (gelu(u) ⊙ g)·Wmlpᵀ
//	h = LN(h)

// modernBERTLayer holds the weights of one layer.
type modernBERTLayer struct {
	eps        float32
	halfWindow int // or everywhere
	rotary     *rotary

	attnNorm       []float32    // [H]; nil in the first layer, which has none
	wq, wk, wv, wo *simd.Matrix // [H, H]

	mlpNorm []float32    // [H]
	wi      *simd.Matrix // [2·I, H]
	wmlp    *simd.Matrix // [H, I]
}

func (l *modernBERTLayer) reach() int { return l.halfWindow }

func (l *modernBERTLayer) attentionNorm() []float32 { return l.attnNorm }

func (l *modernBERTLayer) keysValues(keys, values, x []float32, first int) {
	rows := len(x) / l.wk.Rows()
	simd.MatMul(keys, x, rows, l.wk)
	simd.MatMul(values, x, rows, l.wv)
	l.rotate(keys, rows, first)
}

func (l *modernBERTLayer) queries(q, x []float32, first int) {
	rows := len(x) / l.wq.Rows()
	simd.MatMul(q, x, rows, l.wq)
	l.rotate(q, rows, first)
}

// rotate turns the heads of each row of x [rows, H] by the row's position, which
// is first for the first.
func (l *modernBERTLayer) rotate(x []float32, rows, first int) {
	table, width := l.rotary.table(first+rows), len(x)/rows
	for r := range rows {
		cos, sin := l.rotary.at(table, first+r)
		simd.Rotate(x[r*width:][:width], cos, sin)
	}
}

func (l *modernBERTLayer) output(h, mixed []float32) {
	simd.MatMulAdd(h, mixed, len(h)/l.wo.Rows(), l.wo)
}

func (l *modernBERTLayer) feedForward(h []float32) {
	rows, inner := len(h)/l.wmlp.Rows(), l.wmlp.Cols()
	a := borrow(len(h))
	ug := borrow(rows * 2 * inner)
	gated := borrow(rows * inner)
	defer giveBack(a)
	defer giveBack(ug)
	defer giveBack(gated)

	simd.LayerNorm(a, h, l.mlpNorm, l.eps)
	simd.MatMul(ug, a, rows, l.wi)
	simd.GeGLU(gated, ug, rows, inner)
	simd.MatMulAdd(h, gated, rows, l.wmlp)
}

// Tensor names. Checkpoints with a language-model head have them under
// mlmPrefix, and the head's own tensors beside them.
const (
	embeddingsName    = "embeddings.tok_embeddings.weight"
	embeddingNormName = "embeddings.norm.weight"
	finalNormName     = "final_norm.weight"

	mlmPrefix = "model."
)

// isMLMHead tells the tensors of a masked-language-model head, which a
// checkpoint may carry and the encoder has no use for.
func isMLMHead(name string) bool {
	return strings.HasPrefix(name, "head.") || strings.HasPrefix(name, "decoder.")
}

// modernBERTPrefix is what the names of a checkpoint's tensors begin with.
func modernBERTPrefix(tensors map[string]weights.Tensor) string {
	if _, ok := tensors[mlmPrefix+embeddingsName]; ok {
		return mlmPrefix
	}
	return ""
}

func modernBERTTable(tensors map[string]weights.Tensor) string {
	return modernBERTPrefix(tensors) + embeddingsName
}

func loadModernBERT(l *loader) (*backbone, error) {
	prefix := modernBERTPrefix(l.tensors)
	if err := l.expect(modernBERTShapes(l.config, prefix), isMLMHead); err != nil {
		return nil, err
	}
	vector := func(name string) []float32 { return l.tensors[prefix+name].Float32s() }
	c := l.config
	table, err := l.table(modernBERTTable(l.tensors))
	if err != nil {
		return nil, err
	}
	norm := vector(embeddingNormName)
	b := &backbone{finalNorm: vector(finalNormName)}
	b.embed = func(h []float32, ids []int32, _ int) {
		rows(h, table, ids)
		simd.LayerNorm(h, h, norm, c.NormEps)
	}
	rotaries := map[float64]*rotary{}
	for i, own := range c.ModernBERT.Layers {
		if rotaries[own.RopeTheta] == nil {
			rotaries[own.RopeTheta] = newRotary(own.RopeTheta, c.HeadDim())
		}
		layer := &modernBERTLayer{eps: c.NormEps, halfWindow: c.ModernBERT.HalfWindow, rotary: rotaries[own.RopeTheta]}
		if own.Global {
			layer.halfWindow = everywhere
		}
		name := func(s string) string { return fmt.Sprintf("layers.%d.%s", i, s) }
		if i > 0 {
			layer.attnNorm = vector(name("attn_norm.weight"))
		}
		layer.mlpNorm = vector(name("mlp_norm.weight"))

		H := c.HiddenSize
		qkv := prefix + name("attn.Wqkv.weight")
		for _, m := range []struct {
			to          **simd.Matrix
			from        string
			first, rows int
		}{
			{&layer.wq, qkv, 0, H},
			{&layer.wk, qkv, H, H},
			{&layer.wv, qkv, 2 * H, H},
			{&layer.wo, prefix + name("attn.Wo.weight"), 0, H},
			{&layer.wi, prefix + name("mlp.Wi.weight"), 0, 2 * c.IntermediateSize},
			{&layer.wmlp, prefix + name("mlp.Wo.weight"), 0, H},
		} {
			if *m.to, err = l.pack(m.from, m.first, m.rows); err != nil {
				return nil, err
			}
		}
		b.layers = append(b.layers, layer)
	}
	return b, nil
}

// modernBERTShapes lists the tensors that a checkpoint must hold.
func modernBERTShapes(c Config, prefix string) []weights.Shape {
	H, I := c.HiddenSize, c.IntermediateSize
	shapes := []weights.Shape{
		{Name: prefix + embeddingsName, Dims: []int{c.VocabSize, H}},
		{Name: prefix + embeddingNormName, Dims: []int{H}},
		{Name: prefix + finalNormName, Dims: []int{H}},
	}
	for i := range c.Layers {
		layer := fmt.Sprintf("%slayers.%d.", prefix, i)
		if i > 0 {
			shapes = append(shapes, weights.Shape{Name: layer + "attn_norm.weight", Dims: []int{H}})
		}
		shapes = append(shapes,
			weights.Shape{Name: layer + "attn.Wqkv.weight", Dims: []int{3 * H, H}},
			weights.Shape{Name: layer + "attn.Wo.weight", Dims: []int{H, H}},
			weights.Shape{Name: layer + "mlp_norm.weight", Dims: []int{H}},
			weights.Shape{Name: layer + "mlp.Wi.weight", Dims: []int{2 * I, H}},
			weights.Shape{Name: layer + "mlp.Wo.weight", Dims: []int{H, I}},
		)
	}
	return shapes
}
