package infer

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/weights"
)

// syntheticBERT is a small BERT checkpoint with random weights.
type syntheticBERT struct {
	hidden, intermediate, heads, layers, vocab, positions int
	activation                                            string
}

var smallBERT = syntheticBERT{hidden: 64, intermediate: 48, heads: 2, layers: 3, vocab: 50, positions: 300, activation: "gelu"}

func (s syntheticBERT) config() map[string]any {
	return map[string]any{
		"model_type": "bert", "hidden_size": s.hidden, "intermediate_size": s.intermediate,
		"num_attention_heads": s.heads, "num_hidden_layers": s.layers, "vocab_size": s.vocab,
		"max_position_embeddings": s.positions, "hidden_act": s.activation,
	}
}

func (s syntheticBERT) write(tb testing.TB, r *rand.Rand) string {
	tb.Helper()
	return writeCheckpoint(tb, r, s.config(), func(shapes []weights.Shape) []weights.Shape { return shapes })
}

// referenceBERT is BERT in float64, one line per line of its definition.
func referenceBERT(c Config, tensors map[string]weights.Tensor, s Sequence) [][]float64 {
	get := func(name string) [][]float64 { return matrix(tensors[name]) }
	linear := func(name string, x [][]float64) [][]float64 {
		y := product(x, get(name+".weight"))
		for r := range y {
			add(y[r:r+1], get(name+".bias"))
		}
		return y
	}
	norm := func(name string, x [][]float64) [][]float64 {
		y := layerNorm(x, get(name+".LayerNorm.weight"), float64(c.NormEps))
		for r := range y {
			add(y[r:r+1], get(name+".LayerNorm.bias"))
		}
		return y
	}
	keys := s.Keys
	if keys == 0 {
		keys = len(s.IDs)
	}
	x := zeros(len(s.IDs), c.HiddenSize)
	words, types, positions := get(wordsName), get(typesName), get(positionsName)
	for i, id := range s.IDs {
		add(x[i:i+1], words[id:id+1])
		add(x[i:i+1], types[:1])
		add(x[i:i+1], positions[i:i+1])
	}
	x = norm("embeddings", x)
	for i := range c.Layers {
		layer := fmt.Sprintf("encoder.layer.%d.", i)
		q := linear(layer+"attention.self.query", x)
		k := linear(layer+"attention.self.key", x)
		v := linear(layer+"attention.self.value", x)
		mixed := zeros(len(x), c.HiddenSize)
		for head := range c.Heads {
			first, dim := head*c.HeadDim(), c.HeadDim()
			for a := range x {
				weight, sum := make([]float64, keys), 0.0
				for b := range keys {
					dot := 0.0
					for d := range dim {
						dot += q[a][first+d] * k[b][first+d]
					}
					weight[b] = math.Exp(dot / math.Sqrt(float64(dim)))
					sum += weight[b]
				}
				for b, w := range weight {
					for d := range dim {
						mixed[a][first+d] += w / sum * v[b][first+d]
					}
				}
			}
		}
		y := linear(layer+"attention.output.dense", mixed)
		add(y, x)
		y = norm(layer+"attention.output", y)
		h := linear(layer+"intermediate.dense", y)
		for r := range h {
			for j, v := range h[r] {
				h[r][j] = referenceActivation(c.BERT.Activation, v)
			}
		}
		x = linear(layer+"output.dense", h)
		add(x, y)
		x = norm(layer+"output", x)
	}
	return x
}

func referenceActivation(name string, x float64) float64 {
	switch name {
	case "gelu", "gelu_python":
		return 0.5 * x * (1 + math.Erf(x/math.Sqrt2))
	case "gelu_new", "gelu_fast", "gelu_pytorch_tanh":
		return 0.5 * x * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
	case "relu":
		return max(x, 0)
	case "silu", "swish":
		return x / (1 + math.Exp(-x))
	case "sigmoid":
		return 1 / (1 + math.Exp(-x))
	case "tanh":
		return math.Tanh(x)
	}
	panic(name)
}

// TestReferenceBERT compares encoders of random shapes with the model written
// out in float64: heads that fill panels and others, every activation, lengths
// around the edges of tiles and up to the last position, masked keys.
func TestReferenceBERT(t *testing.T) {
	r := newRand(t)
	shapes := []syntheticBERT{
		smallBERT,
		{hidden: 64, intermediate: 40, heads: 1, layers: 2, vocab: 20, positions: 163, activation: "gelu"}, // 64 a head
		{hidden: 32, intermediate: 24, heads: 2, layers: 2, vocab: 20, positions: 163, activation: "gelu"}, // 16
		{hidden: 24, intermediate: 33, heads: 3, layers: 2, vocab: 20, positions: 163, activation: "gelu"}, // 8
		{hidden: 48, intermediate: 17, heads: 2, layers: 2, vocab: 20, positions: 163, activation: "gelu"}, // 24
		{hidden: 80, intermediate: 96, heads: 2, layers: 1, vocab: 20, positions: 163, activation: "gelu"}, // 40
	}
	for name := range bertActivations {
		shapes = append(shapes, syntheticBERT{hidden: 32, intermediate: 48, heads: 1, layers: 1, vocab: 20, positions: 163, activation: name})
	}
	for _, shape := range shapes {
		e, tensors := openTensors(t, shape.write(t, r), 2)
		for _, n := range []int{1, 16, 97, 163} {
			s := randomSequence(r, n, shape.vocab)
			for _, keys := range []int{0, 1 + r.IntN(n)} {
				s.Keys = keys
				want := referenceBERT(e.Config(), tensors, s)
				for _, set := range simd.Names() {
					undo, err := simd.Use(set)
					if err != nil {
						t.Fatal(err)
					}
					got := encodeAll(t, e, []Sequence{s})[0]
					undo()
					for i, v := range got {
						w := want[i/e.Hidden()][i%e.Hidden()]
						if !(math.Abs(float64(v)-w) <= hiddenTolerance) {
							t.Fatalf("%+v; %s, %d tokens, %d keys: row %d, dimension %d: expected %v, found %v", shape, set, n, keys, i/e.Hidden(), i%e.Hidden(), w, v)
						}
					}
				}
			}
		}
	}
}

// TestBatchIndependenceBERT demands the same bits for a sequence alone, among
// others in any order, and on 1, 2 and 7 threads; and for real tokens with and
// without tokens after them that nothing attends to.
func TestBatchIndependenceBERT(t *testing.T) {
	r := newRand(t)
	shape := smallBERT
	shape.hidden, shape.heads, shape.positions = 48, 2, longSequence+3 // 24 a head
	count := 40
	if testing.Short() {
		count = 16
	}
	sequences := make([]Sequence, count)
	for i := range sequences {
		sequences[i] = randomSequence(r, 1+r.IntN(250), shape.vocab)
	}
	sequences[5] = randomSequence(r, shape.positions, shape.vocab)
	dir := shape.write(t, r)
	alone := make([][]float32, len(sequences))
	for _, threads := range []int{1, 2, 7} {
		e := openDirectory(t, dir, threads)
		if threads == 1 {
			for i, s := range sequences {
				alone[i] = encodeAll(t, e, []Sequence{s})[0]
			}
		}
		order := r.Perm(len(sequences))
		shuffled := make([]Sequence, len(order))
		for to, from := range order {
			shuffled[to] = sequences[from]
		}
		for to, states := range encodeAll(t, e, shuffled) {
			if !slices.Equal(states, alone[order[to]]) {
				t.Fatalf("%d threads: sequence %d of %d tokens differs from its states alone", threads, order[to], len(shuffled[to].IDs))
			}
		}
		s := sequences[0]
		s.Keys = len(s.IDs)
		s.IDs = append(slices.Clone(s.IDs), 1, 1, 1, 1, 1)
		if states := encodeAll(t, e, []Sequence{s})[0]; !slices.Equal(states[:len(alone[0])], alone[0]) {
			t.Fatalf("%d threads: tokens that nothing attends to change others", threads)
		}
	}
}

// TestPositions holds the encoder to the positions that a model has.
func TestPositions(t *testing.T) {
	r := newRand(t)
	e := openDirectory(t, smallBERT.write(t, r), 1)
	if e.Positions() != 300 {
		t.Errorf("expected 300 positions, found %d", e.Positions())
	}
	encodeAll(t, e, []Sequence{randomSequence(r, 300, smallBERT.vocab)})
	err := e.Encode(context.Background(), []Sequence{randomSequence(r, 301, smallBERT.vocab)}, nil)
	if want := "sequence 0: expected at most 300 tokens, the positions that the model has, found 301"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("expected an error with %q, found %v", want, err)
	}
	if modern, _ := small.open(t, r, 1); modern.Positions() != 0 {
		t.Errorf("expected no limit, found %d positions", modern.Positions())
	}
}

// TestLoadBERT takes tensors by all their names, and only those.
func TestLoadBERT(t *testing.T) {
	renamed := func(change func(string) string) func([]weights.Shape) []weights.Shape {
		return func(shapes []weights.Shape) []weights.Shape {
			for i := range shapes {
				shapes[i].Name = change(shapes[i].Name)
			}
			return shapes
		}
	}
	with := func(names ...string) func([]weights.Shape) []weights.Shape {
		return func(shapes []weights.Shape) []weights.Shape {
			for _, name := range names {
				shapes = append(shapes, weights.Shape{Name: name, Dims: []int{3}})
			}
			return shapes
		}
	}
	both := func(a, b func([]weights.Shape) []weights.Shape) func([]weights.Shape) []weights.Shape {
		return func(shapes []weights.Shape) []weights.Shape { return b(a(shapes)) }
	}
	prefixed := renamed(func(name string) string { return "bert." + name })
	greek := renamed(strings.NewReplacer("LayerNorm.weight", "LayerNorm.gamma", "LayerNorm.bias", "LayerNorm.beta").Replace)
	const layer = "encoder.layer.1."

	plain := writeCheckpoint(t, rand.New(rand.NewPCG(1, 2)), smallBERT.config(), with())
	s := randomSequence(newRand(t), 30, smallBERT.vocab)
	e := openDirectory(t, plain, 1)
	want := encodeAll(t, e, []Sequence{s})[0]
	if parameters := 64*(50+300+2+2) + 3*(4*64*65+48*65+64*49+4*64); e.Parameters() != parameters {
		t.Errorf("expected %d parameters, found %d", parameters, e.Parameters())
	}

	for name, c := range map[string]struct {
		change func([]weights.Shape) []weights.Shape
		want   string // part of the error; empty: none
	}{
		"gamma and beta":      {greek, ""},
		"prefixed":            {prefixed, ""},
		"prefixed, gamma":     {both(greek, prefixed), ""},
		"pooler":              {with("pooler.dense.weight", "pooler.dense.bias"), ""},
		"buffers":             {with("embeddings.position_ids", "embeddings.token_type_ids"), ""},
		"Stanford":            {both(prefixed, with("linear.weight", "bert.pooler.dense.bias", "bert.embeddings.position_ids")), ""},
		"language model":      {both(prefixed, with("cls.predictions.bias", "cls.predictions.transform.dense.weight", "cls.seq_relationship.bias")), ""},
		"head without prefix": {with("linear.weight"), "1 superfluous (linear.weight)"},
		"prefixed pooler":     {with("bert.pooler.dense.bias"), "1 superfluous (bert.pooler.dense.bias)"},
		"other head":          {with("cls.other"), "1 superfluous (cls.other)"},
		"ALiBi":               {without("embeddings.position_embeddings.weight"), "1 missing (embeddings.position_embeddings.weight)"},
		"gated":               {reshaped(layer+"intermediate.dense.weight", 96, 64), layer + "intermediate.dense.weight is [96 64], expected [48 64]"},
		"distances":           {with(layer + "attention.self.distance_embedding.weight"), "attention.self.distance_embedding.weight"},
		"cross attention":     {with(layer + "crossattention.self.query.weight"), "crossattention.self.query.weight"},
		"no bias":             {without(layer + "output.dense.bias"), layer + "output.dense.bias"},
		"half a norm":         {without(layer + "output.LayerNorm.bias"), layer + "output.LayerNorm.bias"},
	} {
		// The same numbers as in plain: only their names differ.
		checkpoint, err := weights.Open(writeCheckpoint(t, rand.New(rand.NewPCG(1, 2)), smallBERT.config(), c.change))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		e, err := New(checkpoint, Options{})
		switch {
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: expected an error with %q, found %v", name, c.want, err)
		case c.want == "" && err != nil:
			t.Errorf("%s: expected no error, found %v", name, err)
		case c.want == "":
			if !slices.Equal(encodeAll(t, e, []Sequence{s})[0], want) {
				t.Errorf("%s: other states than under the usual names", name)
			}
		}
		checkpoint.Close()
	}
}

func TestParseConfigBERT(t *testing.T) {
	c, err := ParseConfig("config.json", withBERT(nil))
	if err != nil {
		t.Fatal(err)
	}
	if c.Architecture != "bert" || c.Positions != 300 || c.NormEps != 1e-12 || c.BERT.Activation != "gelu" || c.BERT.TokenTypes != 2 || c.ModernBERT != nil {
		t.Errorf("found %+v with %+v", c, c.BERT)
	}
	for name, change := range map[string]map[string]any{
		"defaults":      {"max_position_embeddings": nil, "hidden_act": nil},
		"all else said": {"position_embedding_type": "absolute", "is_decoder": false, "add_cross_attention": false, "alibi_starting_size": nil, "type_vocab_size": 1, "layer_norm_eps": 1e-5},
		"heads of 8":    {"num_attention_heads": 8},
		"tokenizer map": {"auto_map": map[string]any{"AutoTokenizer": "x.T"}},
	} {
		c, err := ParseConfig("config.json", withBERT(change))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if name == "defaults" && (c.Positions != 512 || c.BERT.Activation != "gelu") {
			t.Errorf("%s: found %+v", name, c)
		}
	}
	for name, c := range map[string]struct {
		change map[string]any
		want   string
	}{
		"ALiBi":            {rope{"position_embedding_type": "alibi"}, `position_embedding_type: expected "absolute", found "alibi"`},
		"MosaicBERT":       {rope{"alibi_starting_size": 512}, "alibi_starting_size: expected none, found 512"},
		"relative":         {rope{"position_embedding_type": "relative_key_query"}, `position_embedding_type: expected "absolute", found "relative_key_query"`},
		"GeGLU":            {rope{"feed_forward_type": "geglu"}, `feed_forward_type: expected none, found "geglu"`},
		"own code":         {rope{"auto_map": map[string]any{"AutoModel": "jinaai/x--modeling_bert.JinaBertModel"}}, `auto_map.AutoModel: expected none, since model code of a checkpoint's own isn't run, found "jinaai/x--modeling_bert.JinaBertModel"`},
		"decoder":          {rope{"is_decoder": true}, "is_decoder: expected false, found true"},
		"cross attention":  {rope{"add_cross_attention": true}, "add_cross_attention: expected false, found true"},
		"activation":       {rope{"hidden_act": "quick_gelu"}, `hidden_act: expected one of gelu, gelu_fast, gelu_new, gelu_python, gelu_pytorch_tanh, relu, sigmoid, silu, swish, tanh, found "quick_gelu"`},
		"heads":            {rope{"num_attention_heads": 16}, "num_attention_heads: expected heads of a multiple of 8 dimensions, found 16 heads for hidden_size 64"},
		"uneven heads":     {rope{"num_attention_heads": 3}, "num_attention_heads"},
		"no width":         {rope{"hidden_size": nil}, "hidden_size: expected a number, found none"},
		"no positions":     {rope{"max_position_embeddings": 0}, "max_position_embeddings: expected 1 to 1048576, found 0"},
		"absurd positions": {rope{"max_position_embeddings": 1 << 30}, "max_position_embeddings: expected 1 to 1048576"},
		"no types":         {rope{"type_vocab_size": 0}, "type_vocab_size: expected 1 to 1024, found 0"},
		"eps":              {rope{"layer_norm_eps": -1}, "layer_norm_eps: expected a number between 0 and 1, found -1"},
		"eps too small":    {rope{"layer_norm_eps": 1e-60}, "layer_norm_eps: expected a number between 0 and 1, found 1e-60"},
		"wrong kind":       {rope{"hidden_act": 3}, "hidden_act"},
		"BertHash":         {rope{"model_type": "bert_hash"}, `model_type: expected "bert" or "modernbert", found "bert_hash"`},
	} {
		_, err := ParseConfig("dir/config.json", withBERT(c.change))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "dir/config.json") {
			t.Errorf("%s: expected an error with the file's name and %q, found %v", name, c.want, err)
		}
	}
}

// withBERT is a config of the small BERT with some keys changed; nil removes
// one.
func withBERT(changes map[string]any) []byte {
	c := smallBERT.config()
	maps.Copy(c, changes)
	return encodeConfig(c)
}
