package infer

import (
	"fmt"
	"strings"

	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/weights"
)

// Tensor names of the backbone. Checkpoints with a language-model head have
// them under mlmPrefix, and the head's own tensors beside them.
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

// load takes the weights from the checkpoint. Embeddings stay where they are;
// the matrices are packed for the kernels, in their stored format.
func (e *Encoder) load(c *weights.Checkpoint) error {
	tensors, err := c.Tensors("")
	if err != nil {
		return err
	}
	prefix := ""
	if _, ok := tensors[mlmPrefix+embeddingsName]; ok {
		prefix = mlmPrefix
	}
	shapes := e.shapes(prefix)
	if err := weights.Expect(c.Name(), tensors, shapes, isMLMHead); err != nil {
		return fmt.Errorf("infer: %w", err)
	}
	for _, s := range shapes {
		e.parameters += tensors[s.Name].Len()
	}

	vector := func(name string) []float32 { return tensors[prefix+name].Float32s() }
	embeddings := tensors[prefix+embeddingsName]
	if e.embeddings, err = simd.NewTable(embeddings.DType, e.config.VocabSize, e.config.HiddenSize, embeddings.Data); err != nil {
		return fmt.Errorf("infer: %s: tensor %s: %w", c.Name(), embeddings.Name, err)
	}
	e.embeddingNorm = vector(embeddingNormName)
	e.finalNorm = vector(finalNormName)
	rotaries := map[float64]*rotary{}
	for i, lc := range e.config.Layers {
		if rotaries[lc.RopeTheta] == nil {
			rotaries[lc.RopeTheta] = newRotary(lc.RopeTheta, e.config.HeadDim())
		}
		l := layer{LayerConfig: lc, rotary: rotaries[lc.RopeTheta]}
		name := func(s string) string { return fmt.Sprintf("layers.%d.%s", i, s) }
		if i > 0 {
			l.attnNorm = vector(name("attn_norm.weight"))
		}
		l.mlpNorm = vector(name("mlp_norm.weight"))

		H := e.config.HiddenSize
		qkv := tensors[prefix+name("attn.Wqkv.weight")]
		for _, m := range []struct {
			to          **simd.Matrix
			from        weights.Tensor
			first, rows int
		}{
			{&l.wq, qkv, 0, H},
			{&l.wkv, qkv, H, 2 * H},
			{&l.wo, tensors[prefix+name("attn.Wo.weight")], 0, H},
			{&l.wi, tensors[prefix+name("mlp.Wi.weight")], 0, 2 * e.config.IntermediateSize},
			{&l.wmlp, tensors[prefix+name("mlp.Wo.weight")], 0, H},
		} {
			if *m.to, err = pack(m.from, m.first, m.rows); err != nil {
				return fmt.Errorf("infer: %s: tensor %s: %w", c.Name(), m.from.Name, err)
			}
		}
		e.layers = append(e.layers, l)
	}
	return nil
}

// shapes lists the tensors that a checkpoint must hold.
func (e *Encoder) shapes(prefix string) []weights.Shape {
	H, I := e.config.HiddenSize, e.config.IntermediateSize
	shapes := []weights.Shape{
		{Name: prefix + embeddingsName, Dims: []int{e.config.VocabSize, H}},
		{Name: prefix + embeddingNormName, Dims: []int{H}},
		{Name: prefix + finalNormName, Dims: []int{H}},
	}
	for i := range e.config.Layers {
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

// pack prepares rows first to first+rows−1 of a [.., cols] tensor.
func pack(t weights.Tensor, first, rows int) (*simd.Matrix, error) {
	cols := t.Shape[1]
	row := t.DType.RowBytes(cols)
	return simd.Pack(t.DType, rows, cols, t.Data[first*row:][:rows*row])
}
