package edge

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/toller-search/toller/edge/internal/tiny"
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
	Name       string
	Kind       heads.Kind
	Depth      int
	Rho        float64
	Activation string
	Residual   heads.Residual
	Final      heads.Final
	Bias       bool
	Weights    map[string]json.RawMessage // matrices as lists of rows, biases as lists of numbers
	Output     [][]float64
}

func (g goldenHead) spec(in, out int) heads.Spec {
	return heads.Spec{Kind: g.Kind, In: in, Out: out, Depth: g.Depth, Rho: g.Rho,
		Activation: g.Activation, Residual: g.Residual, Final: g.Final, Bias: g.Bias}
}

// goldenHeads is heads.json, with the inputs that its outputs are for.
type goldenHeads struct {
	D, K   int
	Inputs [][]float64
	Heads  []goldenHead
}

func readGoldenHeads(t *testing.T) (g goldenHeads) {
	t.Helper()
	decodeJSON(t, testdata.Read(t, "heads.json"), &g)
	return g
}

func decodeJSON(t *testing.T, data []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// TestStraightHead: what the other tests compare with gives the golden outputs.
func TestStraightHead(t *testing.T) {
	golden := readGoldenHeads(t)
	for _, g := range golden.Heads {
		spec := g.spec(golden.D, golden.K)
		tensors := map[string]heads.Tensor{}
		for _, shape := range spec.Tensors() {
			rows := [][]float32{nil}
			if len(shape.Shape) == 1 {
				decodeJSON(t, g.Weights[shape.Name], &rows[0])
			} else {
				decodeJSON(t, g.Weights[shape.Name], &rows)
			}
			tensors[shape.Name] = heads.Tensor{Shape: shape.Shape, Data: slices.Concat(rows...)}
		}
		for i, x := range golden.Inputs {
			for j, got := range (straightHead{spec, tensors}).apply(x) {
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
func headDir(tb testing.TB, c tiny.Checkpoint, s heads.Spec, tensors map[string]heads.Tensor) string {
	tb.Helper()
	dir := c.Dir(tb)
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
	// Always the same weights: by chance, four gates after another leave vectors so
	// short that normalising them shows the last bits of float32.
	rng := rand.New(rand.NewPCG(1, 0))
	list := readGoldenHeads(t).Heads
	checkpoint := tiny.New(t)
	fingerprints := map[Fingerprint]string{}
	var worst float64
	for _, g := range list {
		t.Run(g.Name, func(t *testing.T) {
			spec := g.spec(tiny.Hidden, tiny.Dim)
			tensors := randomTensors(rng, spec)
			dir := headDir(t, checkpoint, spec, tensors)
			m, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			documents, err := m.EncodeDocuments(context.Background(), tiny.Texts)
			if err != nil {
				t.Fatal(err)
			}
			for i, text := range tiny.Texts {
				want := straightVectors(t, m, straightHead{spec, tensors}, text)
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
			if h := info.Head; h.Kind != spec.Kind || h.In != tiny.Hidden || h.Out != tiny.Dim || h.Depth != max(spec.Depth, 1) ||
				h.Bias != spec.Bias || h.Parameters != parameters || info.Dim != tiny.Dim {
				t.Errorf("found %+v", info)
			}
			if other, found := fingerprints[info.Fingerprint]; found {
				t.Errorf("the fingerprint is that of %s", other)
			}
			fingerprints[info.Fingerprint] = g.Name

			p, err := OpenBytes("packed", tiny.Packed(t, dir))
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			again, err := p.EncodeDocuments(context.Background(), tiny.Texts)
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
