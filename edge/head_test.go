package edge

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/toller-search/toller/heads"
	"github.com/toller-search/toller/infer"
	"github.com/toller-search/toller/testdata"
)

// straightHead computes a head in float64, one state at a time, without
// folding: the equations of arXiv 2510.12327 one after the other.
type straightHead struct {
	heads.Spec
	tensors map[string]heads.Tensor
}

// times is W x + b; a matrix that isn't there is the identity.
func (h straightHead) times(name string, x []float64) []float64 {
	w, found := h.tensors[name]
	if !found {
		return x
	}
	bias, found := h.tensors[name+".bias"]
	y := make([]float64, w.Shape[0])
	for i := range y {
		for j, v := range x {
			y[i] += float64(w.Data[i*len(x)+j]) * v
		}
		if found {
			y[i] += float64(bias.Data[i])
		}
	}
	return y
}

func (h straightHead) activation(x float64) float64 {
	sigmoid := 1 / (1 + math.Exp(-x))
	switch h.Activation {
	case "", "identity":
		return x
	case "relu":
		return max(x, 0)
	case "gelu":
		return x / 2 * math.Erfc(-x/math.Sqrt2)
	case "silu":
		return x * sigmoid
	case "sigmoid":
		return sigmoid
	default:
		panic(h.Activation)
	}
}

// layer is layer i without its residual (eq. 7 and 17).
func (h straightHead) layer(i int, x []float64) []float64 {
	last := i == h.depth()
	if h.Kind == heads.GLU && (!last || h.Final != heads.FinalLinear) {
		y, gate := h.times(fmt.Sprint("Wv", i), x), h.times(fmt.Sprint("Wg", i), x)
		for j := range y {
			y[j] *= h.activation(gate[j])
		}
		return y
	}
	y := h.times(fmt.Sprint("W", i), x)
	for j := range y {
		if !last {
			y[j] = h.activation(y[j])
		}
	}
	return y
}

func (h straightHead) depth() int { return max(h.Depth, 1) }

func plus(x, y []float64) []float64 {
	sum := slices.Clone(x)
	for i, v := range y {
		sum[i] += v
	}
	return sum
}

func (h straightHead) apply(x []float64) []float64 {
	depth := h.depth()
	switch h.Residual {
	case heads.Projection:
		return plus(h.layer(1, x), h.times("R1", x))
	case heads.Sequential:
		u := h.times("U", x)
		return h.layer(2, plus(u, h.layer(1, u)))
	case heads.PerLayer:
		for i := 1; i < depth; i++ {
			x = plus(h.layer(i, x), h.times(fmt.Sprint("R", i), x))
		}
		return h.layer(depth, x)
	case heads.Block: // eq. 13
		i := 1
		for ; i+1 < depth; i += 2 {
			x = plus(x, h.layer(i+1, h.layer(i, x)))
		}
		if i+1 == depth {
			x = plus(h.layer(i, x), h.times("U", x))
		}
		return h.layer(depth, x)
	default:
		for i := 1; i <= depth; i++ {
			x = h.layer(i, x)
		}
		return x
	}
}

// goldenHead is a head of heads.json.
type goldenHead struct {
	Name string
	spec heads.Spec
	// Weights has matrices as lists of rows, biases as lists of numbers.
	Weights map[string]json.RawMessage
	Output  [][]float64
}

// goldenHeads reads heads.json and the inputs that its outputs are for.
func goldenHeads(t *testing.T) (list []goldenHead, inputs [][]float64) {
	t.Helper()
	var file struct {
		D, K   int
		Inputs [][]float64
		Heads  []json.RawMessage
	}
	decodeJSON(t, testdata.Read(t, "heads.json"), &file)
	for _, raw := range file.Heads {
		var g goldenHead
		var s struct {
			Kind       heads.Kind
			Depth      int
			Rho        float64
			Activation string
			Residual   heads.Residual
			Final      heads.Final
			Bias       bool
		}
		decodeJSON(t, raw, &g)
		decodeJSON(t, raw, &s)
		g.spec = heads.Spec{Kind: s.Kind, In: file.D, Out: file.K, Depth: s.Depth, Rho: s.Rho,
			Activation: s.Activation, Residual: s.Residual, Final: s.Final, Bias: s.Bias}
		list = append(list, g)
	}
	return list, file.Inputs
}

func decodeJSON(t *testing.T, data []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// TestStraightHead: what the other tests compare with gives the golden outputs.
func TestStraightHead(t *testing.T) {
	list, inputs := goldenHeads(t)
	for _, g := range list {
		tensors := map[string]heads.Tensor{}
		for _, shape := range g.spec.Tensors() {
			tensor := heads.Tensor{Shape: shape.Shape}
			rows := [][]float32{nil}
			if len(shape.Shape) == 1 {
				decodeJSON(t, g.Weights[shape.Name], &rows[0])
			} else {
				decodeJSON(t, g.Weights[shape.Name], &rows)
			}
			tensor.Data = slices.Concat(rows...)
			tensors[shape.Name] = tensor
		}
		for i, x := range inputs {
			for j, got := range (straightHead{g.spec, tensors}).apply(x) {
				if want := g.Output[i][j]; math.Abs(got-want) > 1e-5*max(1, math.Abs(want)) {
					t.Errorf("%s: output %d of input %d: expected %v, found %v", g.Name, j, i, want, got)
				}
			}
		}
	}
}

// randomTensors are weights for a head, exact in half precision, so that a
// packed checkpoint has the same.
func randomTensors(rng *rand.Rand, s heads.Spec) map[string]heads.Tensor {
	tensors := map[string]heads.Tensor{}
	for _, shape := range s.Tensors() {
		size := 1
		for _, n := range shape.Shape {
			size *= n
		}
		data := make([]float32, size)
		for i := range data {
			data[i] = float32(rng.IntN(257)-128) / 512
		}
		tensors[shape.Name] = heads.Tensor{Shape: shape.Shape, Data: data}
	}
	return tensors
}

// headDir lays the checkpoint out with another head.
func (t tiny) headDir(tb testing.TB, s heads.Spec, tensors map[string]heads.Tensor) string {
	tb.Helper()
	dir := t.dir(tb)
	if err := WriteHead(dir, s, tensors); err != nil {
		tb.Fatal(err)
	}
	return dir
}

// TestHeads writes the tiny checkpoint with a head of every family, depth,
// activation and residual of the golden ones, and compares the vectors with the
// straight computation from the backbone's states. The packed file gives the
// same bits.
func TestHeads(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	list, _ := goldenHeads(t)
	checkpoint := newTiny(t)
	fingerprints := map[Fingerprint]string{}
	var worst float64
	for _, g := range list {
		g.spec.In, g.spec.Out = tinyHidden, tinyDim
		t.Run(g.Name, func(t *testing.T) {
			tensors := randomTensors(rng, g.spec)
			dir := checkpoint.headDir(t, g.spec, tensors)
			m, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			documents, err := m.EncodeDocuments(context.Background(), tinyTexts)
			if err != nil {
				t.Fatal(err)
			}
			for i, text := range tinyTexts {
				want := straightVectors(t, m, straightHead{g.spec, tensors}, text)
				if len(want) != len(documents[i].data) {
					t.Fatalf("document %d: expected %d components, found %d", i, len(want), len(documents[i].data))
				}
				for j, v := range documents[i].data {
					d := math.Abs(float64(v) - want[j])
					worst = max(worst, d)
					if !(d <= 2e-5) {
						t.Fatalf("document %d, component %d: expected %v, found %v", i, j, want[j], v)
					}
				}
			}

			info := m.Info()
			parameters := 0
			for _, tensor := range tensors {
				parameters += len(tensor.Data)
			}
			if h := info.Head; h.Kind != g.spec.Kind || h.In != tinyHidden || h.Out != tinyDim || h.Depth != max(g.spec.Depth, 1) ||
				h.Bias != g.spec.Bias || h.Parameters != parameters || info.Dim != tinyDim {
				t.Errorf("found %+v", info)
			}
			if other, found := fingerprints[info.Fingerprint]; found {
				t.Errorf("the fingerprint is that of %s", other)
			}
			fingerprints[info.Fingerprint] = g.Name

			p, err := OpenBytes("packed", packed(t, dir))
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			again, err := p.EncodeDocuments(context.Background(), tinyTexts)
			if err != nil {
				t.Fatal(err)
			}
			for i := range documents {
				if !slices.Equal(again[i].data, documents[i].data) {
					t.Errorf("document %d: packed, its vectors are others", i)
				}
			}
			if p.Info().Fingerprint != info.Fingerprint {
				t.Error("packed, the fingerprint is another")
			}
		})
	}
	t.Logf("%d heads, worst difference of a component %.2g", len(list), worst)
}

// straightVectors are the vectors of a document from the model's own states.
func straightVectors(t *testing.T, m *Model, h straightHead, text string) []float64 {
	t.Helper()
	s, err := m.documents.prepare(text, m.documents.length)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []float64
	err = m.encoder.Encode(context.Background(), []infer.Sequence{s.Sequence}, func(_ int, states []float32) error {
		for i, kept := range s.keep {
			if !kept {
				continue
			}
			x := make([]float64, h.In)
			for j := range x {
				x[j] = float64(states[i*h.In+j])
			}
			y := h.apply(x)
			var length float64
			for _, v := range y {
				length += v * v
			}
			for _, v := range y {
				vectors = append(vectors, v/max(math.Sqrt(length), 1e-12))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return vectors
}

// TestWriteHead: a checkpoint keeps the entry of its backbone, and a backbone
// alone gets one.
func TestWriteHead(t *testing.T) {
	spec := heads.Spec{Kind: heads.FFN, In: tinyHidden, Out: tinyDim, Depth: 2, Rho: 1.5, Activation: "gelu", Residual: heads.Block}
	tensors := randomTensors(rand.New(rand.NewPCG(1, 2)), spec)
	const wrapped = "pylate.models.wrapped.Transformer"
	for _, test := range []struct {
		name   string
		change func(c tiny)
		first  map[string]any
	}{
		{"in place of Dense modules", func(tiny) {}, map[string]any{"idx": 0., "name": "0", "path": "", "type": backboneType}},
		{"backbone alone", func(c tiny) {
			maps.DeleteFunc(c, func(name string, _ []byte) bool { return name == modulesFile || strings.Contains(name, "_Dense/") })
		}, map[string]any{"idx": 0., "name": "0", "path": "", "type": backboneType}},
		{"another entry", func(c tiny) {
			c[modulesFile] = encodeJSON(t, []map[string]any{{"path": "", "type": wrapped, "kwargs": []string{"task"}}})
		}, map[string]any{"path": "", "type": wrapped, "kwargs": []any{"task"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newTiny(t)
			test.change(c)
			dir := c.dir(t)
			if err := WriteHead(dir, spec, tensors); err != nil {
				t.Fatal(err)
			}
			var modules []map[string]any
			text, err := os.ReadFile(filepath.Join(dir, modulesFile))
			if err != nil {
				t.Fatal(err)
			}
			decodeJSON(t, text, &modules)
			want := []map[string]any{test.first, {"idx": 1., "name": "1", "path": "1_Head", "type": "toller.heads.Head"}}
			if !slices.EqualFunc(modules, want, func(a, b map[string]any) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
				t.Errorf("expected %v, found %v", want, modules)
			}
			files, err := os.ReadDir(filepath.Join(dir, headFolder))
			if err != nil || len(files) != 2 || files[0].Name() != moduleFile || files[1].Name() != weightsFile {
				t.Errorf("expected config.json and model.safetensors, found %v, %v", files, err)
			}
			m, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			m.Close()
		})
	}
}

// TestWriteHeadErrors: a head that would not open is not written, and the
// checkpoint stays as it was.
func TestWriteHeadErrors(t *testing.T) {
	good := heads.Spec{Kind: heads.GLU, In: tinyHidden, Out: tinyDim, Depth: 1, Activation: "sigmoid"}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, test := range []struct {
		name   string
		change func(c tiny, s *heads.Spec, tensors map[string]heads.Tensor)
		want   []string
	}{
		{"no spec", func(_ tiny, s *heads.Spec, _ map[string]heads.Tensor) { *s = heads.Spec{} }, []string{"in: expected 1 to"}},
		{"chain", func(_ tiny, s *heads.Spec, _ map[string]heads.Tensor) { s.Kind = heads.DenseChain }, []string{"kind", `found "dense"`, "Dense modules"}},
		{"missing tensor", func(_ tiny, _ *heads.Spec, tensors map[string]heads.Tensor) { delete(tensors, "Wg1") }, []string{"Wg1", "expected shape [8 32]", "found no such tensor"}},
		{"not a number", func(_ tiny, _ *heads.Spec, tensors map[string]heads.Tensor) {
			tensors["Wg1"].Data[3] = float32(math.NaN())
		}, []string{"1_Head/model.safetensors", "Wg1", "element 3 is NaN"}},
		{"another width", func(_ tiny, s *heads.Spec, tensors map[string]heads.Tensor) {
			s.In = 16
			clear(tensors)
			maps.Copy(tensors, randomTensors(rng, *s))
		}, []string{"in: expected 32", "tiny/config.json", "found 16"}},
		{"no backbone", func(c tiny, _ *heads.Spec, _ map[string]heads.Tensor) { delete(c, "config.json") }, []string{"tiny/config.json"}},
		{"broken backbone", func(c tiny, _ *heads.Spec, _ map[string]heads.Tensor) { c["config.json"] = []byte("{") }, []string{"tiny/config.json"}},
		{"broken modules", func(c tiny, _ *heads.Spec, _ map[string]heads.Tensor) { c[modulesFile] = []byte("[") }, []string{"tiny/modules.json"}},
		{"no modules", func(c tiny, _ *heads.Spec, _ map[string]heads.Tensor) { c[modulesFile] = []byte("[]") }, []string{"tiny/modules.json", "no modules"}},
		{"no entry", func(c tiny, _ *heads.Spec, _ map[string]heads.Tensor) { c[modulesFile] = []byte("[7]") }, []string{"tiny/modules.json: module 0", "number"}},
		{"another first module", func(c tiny, _ *heads.Spec, _ map[string]heads.Tensor) {
			c[modulesFile] = []byte(`[{"path": "0_Dense", "type": "x.Dense"}]`)
		}, []string{"tiny/modules.json: module 0", `"x.Dense"`, `"0_Dense"`}},
		{"head there", func(c tiny, _ *heads.Spec, _ map[string]heads.Tensor) { c["1_Head/README.md"] = []byte("mine") }, []string{"1_Head", "exists"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			spec, tensors, c := good, randomTensors(rng, good), newTiny(t)
			test.change(c, &spec, tensors)
			dir := c.dir(t)
			err := WriteHead(dir, spec, tensors)
			if err == nil {
				t.Fatal("expected an error, found none")
			}
			message := filepath.ToSlash(err.Error())
			for _, part := range append(test.want, "edge: write head: ") {
				if !strings.Contains(message, part) {
					t.Errorf("expected a message with %q, found %q", part, message)
				}
			}
			left := tiny{}
			err = filepath.WalkDir(dir, func(file string, entry os.DirEntry, err error) error {
				if err != nil || entry.IsDir() {
					return err
				}
				name, err := filepath.Rel(dir, file)
				if err != nil {
					return err
				}
				left[filepath.ToSlash(name)], err = os.ReadFile(file)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if !maps.EqualFunc(left, c, slices.Equal) {
				t.Errorf("expected the files that were there, found %q", slices.Sorted(maps.Keys(left)))
			}
		})
	}
}

// tinyHead is the tiny checkpoint with a head of its own kind, in memory, to be
// broken.
func tinyHead(tb testing.TB) tiny {
	tb.Helper()
	spec := heads.Spec{Kind: heads.FFN, In: tinyHidden, Out: tinyDim, Depth: 2, Rho: 2, Activation: "gelu", Residual: heads.Block, Bias: true}
	c := newTiny(tb)
	dir := c.headDir(tb, spec, randomTensors(rand.New(rand.NewPCG(5, 6)), spec))
	for _, name := range []string{modulesFile, path.Join(headFolder, moduleFile), path.Join(headFolder, weightsFile)} {
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			tb.Fatal(err)
		}
		c[name] = text
	}
	return c
}

// TestBrokenHead opens heads with one fault each. The message names the file,
// the field, and what was expected or found there.
func TestBrokenHead(t *testing.T) {
	const config, stored = "1_Head/config.json", "1_Head/model.safetensors"
	modules := func(types ...string) []byte {
		list := []map[string]any{{"path": "", "type": backboneType}}
		for i, name := range types {
			list = append(list, map[string]any{"path": []string{headFolder, "1_Dense"}[i], "type": name})
		}
		return encodeJSON(t, list)
	}
	reshape := func(c tiny, change func(map[string][]int)) {
		shapes := tensorShapes(t, c[stored])
		change(shapes)
		c[stored] = safetensors(t, rand.New(rand.NewPCG(7, 8)), shapes)
	}
	for _, test := range []struct {
		name   string
		damage func(c tiny)
		want   []string
	}{
		{"no config", func(c tiny) { delete(c, config) }, []string{"tiny", config}},
		{"no weights", func(c tiny) { delete(c, stored) }, []string{"tiny", stored}},
		{"no JSON", func(c tiny) { c[config] = []byte(`{"kind": `) }, []string{"tiny/" + config, "unexpected end of JSON"}},
		{"null", func(c tiny) { c[config] = []byte(`null`) }, []string{"tiny/" + config, "found null"}},
		{"unknown key", func(c tiny) { c.set(t, config, "dropout", 0.1) }, []string{"tiny/" + config, `"dropout"`}},
		{"unknown kind", func(c tiny) { c.set(t, config, "kind", "mlp") }, []string{"tiny/" + config, "kind", `found "mlp"`}},
		{"no kind", func(c tiny) { c.set(t, config, "kind", nil) }, []string{"tiny/" + config, "kind", "found no such key"}},
		{"depth is a string", func(c tiny) { c.set(t, config, "depth", "2") }, []string{"tiny/" + config, "depth", "a whole number", `found "2"`}},
		{"residual that it can't have", func(c tiny) { c.set(t, config, "residual", "projection") }, []string{"tiny/" + config, "residual", `"projection"`}},
		{"unknown activation", func(c tiny) { c.set(t, config, "activation", "swoosh") }, []string{"tiny/" + config, "activation", "gelu", `found "swoosh"`}},
		{"chain", func(c tiny) {
			c[config] = []byte(`{"kind":"dense","in":32,"out":8,"layers":[{"name":"a","in":32,"out":8}]}`)
		}, []string{"tiny/" + config, "kind", "expected linear, ffn or glu", `found "dense"`}},
		{"another depth", func(c tiny) { c.set(t, config, "depth", 3) }, []string{"tiny/" + stored, "W2", "expected shape [32 64]", "found [8 64]"}},
		{"another width", func(c tiny) { c.set(t, config, "out", 9) }, []string{"tiny/" + stored, "W2", "expected shape [9 64]", "found [8 64]"}},
		{"not the backbone's width", func(c tiny) {
			c[config] = []byte(`{"kind":"linear","in":16,"out":8}`)
			c[stored] = safetensors(t, rand.New(rand.NewPCG(7, 8)), map[string][]int{"W1": {8, 16}})
		}, []string{"tiny/" + config, "in: expected 32, the backbone's hidden_size, found 16"}},
		{"missing tensor", func(c tiny) { reshape(c, func(s map[string][]int) { delete(s, "U") }) }, []string{"tiny/" + stored, "tensor U", "expected shape [64 32]", "found no such tensor"}},
		{"transposed tensor", func(c tiny) { reshape(c, func(s map[string][]int) { s["U"] = []int{32, 64} }) }, []string{"tiny/" + stored, "tensor U", "expected shape [64 32]", "found [32 64]"}},
		{"superfluous tensor", func(c tiny) { reshape(c, func(s map[string][]int) { s["R1"] = []int{2} }) }, []string{"tiny/" + stored, "tensor R1", "expected no such tensor", "found shape [2]"}},
		{"weights cut off", func(c tiny) { c[stored] = c[stored][:len(c[stored])-1] }, []string{"tiny", stored}},
		{"type in another case", func(c tiny) { c[modulesFile] = modules("toller.heads.head") }, []string{"tiny/" + modulesFile, "module 1: type", headType, `found "toller.heads.head"`}},
		{"type of another package", func(c tiny) { c[modulesFile] = modules("my.heads.Head") }, []string{"tiny/" + modulesFile, "module 1: type", headType, `found "my.heads.Head"`}},
		{"Dense after it", func(c tiny) { c[modulesFile] = modules(headType, "x.Dense") }, []string{"tiny/" + modulesFile, headType + " alone", "found 2"}},
		{"a second one", func(c tiny) { c[modulesFile] = modules(headType, headType) }, []string{"tiny/" + modulesFile, headType + " alone", "found 2"}},
		{"read as Dense", func(c tiny) { c[modulesFile] = modules("x.Dense") }, []string{"tiny", config, "in_features", `found "activation"`}},
		{"no folder", func(c tiny) {
			c[modulesFile] = []byte(`[{"path": "", "type": "x.Transformer"}, {"path": "", "type": "toller.heads.Head"}]`)
		}, []string{"tiny/" + modulesFile, "module 1: path"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := tinyHead(t)
			test.damage(c)
			message := c.openError(t)
			for _, part := range test.want {
				if !strings.Contains(message, part) {
					t.Errorf("expected a message with %q, found %q", part, message)
				}
			}
		})
	}
}

// TestHeadMutations opens checkpoints whose head's folder has a damaged file.
// Each opens and encodes, or gives an error that names a file of the folder.
func TestHeadMutations(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	checkpoint := tinyHead(t)
	dir := checkpoint.dir(t)
	opened := 0
	const count = 1000
	for i := range count {
		name := path.Join(headFolder, []string{moduleFile, weightsFile}[i%2])
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.WriteFile(file, mutate(rng, checkpoint[name]), 0o644); err != nil {
			t.Fatal(err)
		}
		m, err := Open(dir)
		switch {
		case err == nil:
			opened++
			encodeSomething(t, m)
			m.Close()
		// A config that is valid but another's is noticed at the tensors.
		case !strings.Contains(filepath.ToSlash(err.Error()), name) && !strings.Contains(filepath.ToSlash(err.Error()), path.Join(headFolder, weightsFile)):
			t.Errorf("%s is damaged, and the error names another file: %v", name, err)
		}
		if err := os.WriteFile(file, checkpoint[name], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d opened", opened, count)
	if opened == count {
		t.Error("nothing was refused")
	}
}
