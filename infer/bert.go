package infer

import (
	"fmt"
	"strings"

	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/weights"
)

// BERT, as in huggingface/transformers' modeling_bert. With x the residual
// stream, LN a LayerNorm with bias, and a bias b to every product:
//
//	x = LN(E[ids] + T[0] + P[0, 1, 2, ...])
//	for each layer:
//	    q,k,v = x·Wqᵀ + bq, x·Wkᵀ + bk, x·Wvᵀ + bv
//	    x     = LN(x + attention(q, k, v)·Woᵀ + bo)
//	    x     = LN(x + act(x·Wiᵀ + bi)·Wdᵀ + bd)
//
// Every layer attends to the whole sequence. There is no norm at the end, and
// the pooler isn't used.

// bertLayer holds the weights of one layer.
type bertLayer struct {
	wq, wk, wv, wo dense // [H, H]
	attnNorm       norm

	wi       dense // [I, H]
	activate func([]float32)
	wd       dense // [H, I]
	outNorm  norm
}

func (l *bertLayer) reach() int { return everywhere }

func (l *bertLayer) attentionNorm() []float32 { return nil }

func (l *bertLayer) keysValues(keys, values, x []float32, _ int) {
	l.wk.apply(keys, x)
	l.wv.apply(values, x)
}

func (l *bertLayer) queries(q, x []float32, _ int) { l.wq.apply(q, x) }

func (l *bertLayer) output(x, mixed []float32) {
	l.wo.add(x, mixed)
	l.attnNorm.apply(x)
}

func (l *bertLayer) feedForward(x []float32) {
	inner := borrow(len(x) / l.wi.w.Cols() * l.wi.w.Rows())
	defer giveBack(inner)
	l.wi.apply(inner, x)
	l.activate(inner)
	l.wd.add(x, inner)
	l.outNorm.apply(x)
}

// dense is a linear layer.
type dense struct {
	w    *simd.Matrix // [out, in]
	bias []float32    // [out]
}

// apply computes y = x·wᵀ + bias for y [rows, out] and x [rows, in].
func (d dense) apply(y, x []float32) {
	simd.MatMulBias(y, x, len(x)/d.w.Cols(), d.w, d.bias)
}

// add computes y += x·wᵀ + bias.
func (d dense) add(y, x []float32) {
	simd.AddBias(y, d.bias)
	simd.MatMulAdd(y, x, len(x)/d.w.Cols(), d.w)
}

// norm is a LayerNorm with bias.
type norm struct {
	weight, bias []float32 // [H]
	eps          float32
}

func (n norm) apply(x []float32) { simd.LayerNormBias(x, x, n.weight, n.bias, n.eps) }

// Tensor names. Checkpoints of a model around BertModel, such as Stanford's
// ColBERT or a language model, have them under bertPrefix.
const (
	wordsName     = "embeddings.word_embeddings.weight"
	positionsName = "embeddings.position_embeddings.weight"
	typesName     = "embeddings.token_type_embeddings.weight"

	bertPrefix = "bert."
)

// bertNames are a checkpoint's spellings of tensor names.
type bertNames struct {
	prefix  string
	tensors map[string]weights.Tensor
}

func newBERTNames(tensors map[string]weights.Tensor) bertNames {
	n := bertNames{tensors: tensors}
	if _, ok := tensors[bertPrefix+wordsName]; ok {
		n.prefix = bertPrefix
	}
	return n
}

// norm returns the names of a LayerNorm's weight and bias. Old checkpoints, and
// what transformers 5.3 saves, call them gamma and beta.
func (n bertNames) norm(name string) (weight, bias string) {
	name = n.prefix + name + ".LayerNorm."
	if _, ok := n.tensors[name+"gamma"]; ok {
		return name + "gamma", name + "beta"
	}
	return name + "weight", name + "bias"
}

// ignored tells tensors that a checkpoint may carry and the encoder has no use
// for: the pooler, buffers of numbers, the heads of a language model, and beside
// a prefixed BERT the projection of Stanford's ColBERT.
func (n bertNames) ignored(name string) bool {
	if n.prefix != "" && name == "linear.weight" {
		return true
	}
	if strings.HasPrefix(name, "cls.predictions.") || strings.HasPrefix(name, "cls.seq_relationship.") {
		return true
	}
	switch strings.TrimPrefix(name, n.prefix) {
	case "pooler.dense.weight", "pooler.dense.bias", "embeddings.position_ids", "embeddings.token_type_ids":
		return true
	}
	return false
}

func bertTable(tensors map[string]weights.Tensor) string {
	return newBERTNames(tensors).prefix + wordsName
}

func loadBERT(l *loader) (*backbone, error) {
	names := newBERTNames(l.tensors)
	if err := l.expect(bertShapes(l.config, names), names.ignored); err != nil {
		return nil, err
	}
	c, H := l.config, l.config.HiddenSize
	vector := func(name string) []float32 { return l.tensors[name].Float32s() }
	normAt := func(name string) norm {
		weight, bias := names.norm(name)
		return norm{vector(weight), vector(bias), c.NormEps}
	}
	words, err := l.table(bertTable(l.tensors))
	if err != nil {
		return nil, err
	}
	embeddingNorm := normAt("embeddings")
	first := vector(names.prefix + typesName)[:H] // single texts are all of the first type
	positions := vector(names.prefix + positionsName)
	b := &backbone{embed: func(x []float32, ids []int32, at int) {
		rows(x, words, ids)
		simd.AddBias(x, first)
		simd.Add(x, positions[at*H:][:len(x)])
		embeddingNorm.apply(x)
	}}
	for i := range c.Layers {
		at := fmt.Sprintf("encoder.layer.%d.", i)
		layer := &bertLayer{
			attnNorm: normAt(at + "attention.output"),
			activate: bertActivations[c.BERT.Activation],
			outNorm:  normAt(at + "output"),
		}
		for _, d := range []struct {
			to   *dense
			name string
		}{
			{&layer.wq, "attention.self.query"},
			{&layer.wk, "attention.self.key"},
			{&layer.wv, "attention.self.value"},
			{&layer.wo, "attention.output.dense"},
			{&layer.wi, "intermediate.dense"},
			{&layer.wd, "output.dense"},
		} {
			name := names.prefix + at + d.name
			w, err := l.pack(name+".weight", 0, l.tensors[name+".weight"].Shape[0])
			if err != nil {
				return nil, err
			}
			*d.to = dense{w, vector(name + ".bias")}
		}
		b.layers = append(b.layers, layer)
	}
	return b, nil
}

// bertShapes lists the tensors that a checkpoint must hold.
func bertShapes(c Config, names bertNames) []weights.Shape {
	H, I := c.HiddenSize, c.IntermediateSize
	shapes := []weights.Shape{
		{Name: names.prefix + wordsName, Dims: []int{c.VocabSize, H}},
		{Name: names.prefix + positionsName, Dims: []int{c.Positions, H}},
		{Name: names.prefix + typesName, Dims: []int{c.BERT.TokenTypes, H}},
	}
	norms := []string{"embeddings"}
	for i := range c.Layers {
		at := fmt.Sprintf("encoder.layer.%d.", i)
		for _, d := range []struct {
			name    string
			out, in int
		}{
			{"attention.self.query", H, H},
			{"attention.self.key", H, H},
			{"attention.self.value", H, H},
			{"attention.output.dense", H, H},
			{"intermediate.dense", I, H},
			{"output.dense", H, I},
		} {
			name := names.prefix + at + d.name
			shapes = append(shapes,
				weights.Shape{Name: name + ".weight", Dims: []int{d.out, d.in}},
				weights.Shape{Name: name + ".bias", Dims: []int{d.out}})
		}
		norms = append(norms, at+"attention.output", at+"output")
	}
	for _, name := range norms {
		weight, bias := names.norm(name)
		shapes = append(shapes, weights.Shape{Name: weight, Dims: []int{H}}, weights.Shape{Name: bias, Dims: []int{H}})
	}
	return shapes
}
