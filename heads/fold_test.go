package heads

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// newRand returns a seeded source and prints its seed when the test fails.
func newRand(t testing.TB, seed uint64) *rand.Rand {
	t.Helper()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

// randomTensors makes tensors for a spec, of a size that keeps the outputs of
// each layer about as large as its inputs.
func randomTensors(r *rand.Rand, s Spec) map[string]Tensor {
	tensors := map[string]Tensor{}
	for _, t := range s.Tensors() {
		size := 1
		for _, n := range t.Shape {
			size *= n
		}
		scale := 1 / math.Sqrt(float64(t.Shape[len(t.Shape)-1]))
		data := make([]float32, size)
		for i := range data {
			data[i] = float32(r.NormFloat64() * scale)
		}
		tensors[t.Name] = Tensor{Shape: t.Shape, Data: data}
	}
	return tensors
}

func randomVectors(r *rand.Rand, n, dim int) []float32 {
	x := make([]float32, n*dim)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// randomSpec draws a valid spec with widths from least to most (but for those
// that Rho makes).
func randomSpec(r *rand.Rand, least, most int) Spec {
	for {
		s := Spec{
			Kind:       []Kind{Linear, FFN, GLU, DenseChain}[r.IntN(4)],
			In:         least + r.IntN(most-least+1),
			Out:        least + r.IntN(most-least+1),
			Depth:      1 + r.IntN(5),
			Rho:        []float64{0.5, 1, 1.5, 2, 3}[r.IntN(5)],
			Activation: []string{"identity", "relu", "gelu", "silu", "sigmoid", "tanh"}[r.IntN(6)],
			Residual:   []Residual{None, Block, PerLayer, Sequential, Projection}[r.IntN(5)],
			Final:      []Final{"", FinalGLU, FinalLinear}[r.IntN(3)],
			Bias:       r.IntN(2) == 0,
		}
		if s.Kind == DenseChain {
			s = randomChain(r, least, most)
		}
		if s.Validate() == nil {
			return s.normalized()
		}
	}
}

// randomChain draws a chain of Dense modules most of which are linear, the last
// one always: an activation there would saturate, and the largest output be no
// measure of the numbers behind it.
func randomChain(r *rand.Rand, least, most int) Spec {
	s := Spec{Kind: DenseChain, In: least + r.IntN(most-least+1)}
	width := s.In
	for i := range 1 + r.IntN(6) {
		l := DenseLayer{
			Name: fmt.Sprintf("%d_Dense", i+1), In: width, Out: least + r.IntN(most-least+1), Bias: r.IntN(2) == 0,
			Activation: []string{"identity", "identity", "identity", "gelu", "tanh"}[r.IntN(5)],
		}
		if r.IntN(3) == 0 {
			l.Out = width
		}
		l.Residual = []Residual{None, Identity, Matrix}[r.IntN(3)]
		if l.Residual == Identity && l.In != l.Out {
			l.Residual = Matrix
		}
		s.Layers = append(s.Layers, l)
		width = l.Out
	}
	s.Layers[len(s.Layers)-1].Activation = "identity"
	s.Out = width
	return s
}

// evaluate runs a stack of layers on one row, in float64 and by definition.
func evaluate(layers []layer, x []float64) []float64 {
	times := func(a *affine, x []float64) []float64 {
		y := slices.Clone(x)
		if a.w != nil {
			y = make([]float64, a.out)
			for i := range y {
				for j, v := range x {
					y[i] += a.w[i*a.in+j] * v
				}
			}
		}
		for i, b := range a.b {
			y[i] += b
		}
		return y
	}
	activate := func(a activation, x []float64) []float64 {
		f := map[string]func(float64) float64{
			"identity": func(x float64) float64 { return x },
			"relu":     func(x float64) float64 { return max(x, 0) },
			"gelu":     func(x float64) float64 { return 0.5 * x * (1 + math.Erf(x/math.Sqrt2)) },
			"silu":     func(x float64) float64 { return x / (1 + math.Exp(-x)) },
			"sigmoid":  func(x float64) float64 { return 1 / (1 + math.Exp(-x)) },
			"tanh":     math.Tanh,
		}[a.name()]
		y := slices.Clone(x)
		for i, v := range y {
			y[i] = f(v)
		}
		return y
	}
	states := [][]float64{x}
	for i, l := range layers {
		y := times(l.value, states[i])
		if l.gate != nil {
			for j, g := range activate(l.activation, times(l.gate, states[i])) {
				y[j] *= g
			}
		} else {
			y = activate(l.activation, y)
		}
		if l.skip != nil {
			for j, v := range times(l.skip, states[l.from]) {
				y[j] += v
			}
		}
		states = append(states, y)
	}
	return states[len(layers)]
}

func multiplications(layers []layer) int {
	n := 0
	for _, l := range layers {
		n += l.value.multiplications() + l.gate.multiplications() + l.skip.multiplications()
	}
	return n
}

// TestFold folds random heads and compares them with what was declared: in
// float64, where the two agree but for its rounding, and as they run.
func TestFold(t *testing.T) {
	for _, test := range []struct {
		name        string
		least, most int
		tolerance   float64 // as they run
	}{
		{"wide", 16, 64, 1e-6},
		// The few terms of a narrow layer can cancel, which magnifies rounding.
		{"narrow", 1, 6, 1e-5},
	} {
		t.Run(test.name, func(t *testing.T) {
			const rows, cases = 12, 250
			r := newRand(t, 20251012)
			var worst64, worst32 float64
			folds := 0
			for range cases {
				spec := randomSpec(r, test.least, test.most)
				declared, err := assemble(spec, randomTensors(r, spec))
				if err != nil {
					t.Fatal(err)
				}
				folded := fold(declared)
				if len(folded) < len(declared) {
					folds++
				}
				if before, after := multiplications(declared), multiplications(folded); after > before {
					t.Errorf("%s: folding made %d of %d multiplications", describe(spec), after, before)
				}
				x := randomVectors(r, rows, spec.In)
				var difference, most float64
				for row := range rows {
					wide := float64s(x[row*spec.In:][:spec.In])
					a, b := evaluate(declared, wide), evaluate(folded, wide)
					for i := range a {
						difference = max(difference, math.Abs(a[i]-b[i]))
						most = max(most, math.Abs(a[i]))
					}
				}
				if most > 0 { // else all activations are 0
					worst64 = max(worst64, difference/most)
				}
				if difference > 1e-11*most {
					t.Errorf("%s: folding changed it by %.2g in float64", describe(spec), difference/most)
				}
				plain, fast := apply(build(spec, declared), x), apply(build(spec, folded), x)
				worst32 = max(worst32, differ(t, describe(spec), fast, plain, test.tolerance))
			}
			if folds < cases/4 {
				t.Errorf("only %d of %d heads were folded", folds, cases)
			}
			t.Logf("%d of %d heads folded; worst difference from declared %.2g in float64, %.2g as they run", folds, cases, worst64, worst32)
		})
	}
}

// describe is a spec's JSON.
func describe(s Spec) string {
	text, err := json.Marshal(s)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// TestFoldLinearChains checks the promise for chains without activations at
// the sizes of real checkpoints: folded equals unfolded to 1e-6.
func TestFoldLinearChains(t *testing.T) {
	r := newRand(t, 48)
	for _, widths := range [][]int{{256, 512, 48}, {384, 768, 768, 64}, {768, 128}, {128, 256, 48}, {384, 768, 768, 128}} {
		for _, residual := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v residual %v", widths, residual), func(t *testing.T) {
				spec := Spec{Kind: DenseChain, In: widths[0], Out: widths[len(widths)-1]}
				for i := range widths[1:] {
					l := DenseLayer{Name: fmt.Sprint(i), In: widths[i], Out: widths[i+1], Bias: residual}
					if residual {
						l.Residual = Matrix
					}
					spec.Layers = append(spec.Layers, l)
				}
				declared, err := assemble(spec, randomTensors(r, spec))
				if err != nil {
					t.Fatal(err)
				}
				head := build(spec, fold(declared))
				if n := len(head.Report().Layers); n != 1 {
					t.Fatalf("expected one layer, found %d", n)
				}
				x := randomVectors(r, 20, spec.In)
				worst := differ(t, "folded against unfolded", apply(head, x), apply(build(spec, declared), x), 1e-6)
				t.Logf("folded against unfolded: %.2g", worst)
			})
		}
	}
}

// TestFoldDecisions checks which layers are left where folding has a choice.
func TestFoldDecisions(t *testing.T) {
	for _, test := range []struct {
		name string
		spec string
		want []string
	}{
		{"a wide middle disappears", `{"kind":"dense","in":384,"out":64,"layers":[
			{"name":"1","in":384,"out":768},{"name":"2","in":768,"out":64}]}`,
			[]string{"384→64 from 1: 384→768, 2: 768→64"}},
		{"a narrow middle stays", `{"kind":"dense","in":384,"out":384,"layers":[
			{"name":"1","in":384,"out":64},{"name":"2","in":64,"out":384}]}`,
			[]string{"1: 384→64", "2: 64→384"}},
		{"around the narrowest", `{"kind":"dense","in":100,"out":100,"layers":[
			{"name":"1","in":100,"out":10},{"name":"2","in":10,"out":11},{"name":"3","in":11,"out":100}]}`,
			[]string{"1: 100→10", "10→100 from 2: 10→11, 3: 11→100"}},
		{"linear layers after an activation", `{"kind":"dense","in":8,"out":2,"layers":[
			{"name":"1","in":8,"out":8,"activation":"gelu"},{"name":"2","in":8,"out":8},{"name":"3","in":8,"out":2,"bias":true}]}`,
			[]string{"1: gelu(8→8)", "8→2 + bias from 2: 8→8, 3: 8→2 + bias"}},
		{"a linear layer before an activation", `{"kind":"dense","in":4,"out":2,"layers":[
			{"name":"1","in":4,"out":8,"bias":true},{"name":"2","in":8,"out":8,"activation":"tanh","residual":"identity"},{"name":"3","in":8,"out":2}]}`,
			[]string{"tanh(4→8 + bias) + 4→8 + bias of its input from 1: 4→8 + bias, 2: tanh(8→8) + its input", "3: 8→2"}},
		{"a residual of a linear layer", `{"kind":"dense","in":4,"out":4,"layers":[
			{"name":"1","in":4,"out":4,"residual":"identity"}]}`,
			[]string{"4→4 from 1: 4→4 + its input"}},
		{"block skips", `{"kind":"ffn","in":8,"out":5,"depth":4,"rho":2,"activation":"identity","residual":"block"}`,
			[]string{"8→5 from layer 1: 8→16, layer 2: 16→8 + the head's input, " +
				"layer 3: 8→16 + 8→16 of its input, layer 4: 16→5"}},
		{"block skips around activations", `{"kind":"ffn","in":8,"out":5,"depth":4,"rho":2,"activation":"relu","residual":"block"}`,
			[]string{"layer 1: relu(8→16)", "layer 2: relu(16→8) + the head's input",
				"layer 3: relu(8→16) + 8→16 of its input", "layer 4: 16→5"}},
		{"up-cast", `{"kind":"ffn","in":8,"out":5,"depth":2,"rho":2,"activation":"silu","residual":"sequential"}`,
			[]string{"silu(8→16) + 8→16 of its input from up-cast: 8→16, layer 1: silu(16→16) + its input", "layer 2: 16→5"}},
		{"gates stay", `{"kind":"glu","in":8,"out":5,"depth":2,"activation":"sigmoid","final":"linear"}`,
			[]string{"layer 1: (8→8) ⊙ sigmoid(8→8)", "layer 2: 8→5"}},
		{"linear gates are not linear", `{"kind":"glu","in":8,"out":5,"depth":1,"activation":"identity","residual":"projection"}`,
			[]string{"layer 1: (8→5) ⊙ (8→5) + 8→5 of its input"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			spec := parseSpec(t, test.spec)
			head, err := New(spec, randomTensors(newRand(t, 1), spec))
			if err != nil {
				t.Fatal(err)
			}
			report := head.Report()
			var got []string
			stored, folded := 0, false
			for _, l := range report.Layers {
				text := l.Layer
				if len(l.FoldedFrom) > 0 {
					text += " from " + strings.Join(l.FoldedFrom, ", ")
					folded = true
				}
				got = append(got, text)
				stored += l.Parameters
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("expected %q\nfound    %q", test.want, got)
			}
			if report.Stored != stored || report.Folded != folded || report.Parameters != spec.Parameters() {
				t.Errorf("report doesn't add up: %+v", report)
			}
		})
	}
}

// TestFoldKeepsRange: a product of weights beyond float32 is not folded.
func TestFoldKeepsRange(t *testing.T) {
	spec := parseSpec(t, `{"kind":"dense","in":1,"out":1,"layers":[{"name":"1","in":1,"out":1},{"name":"2","in":1,"out":1}]}`)
	head, err := New(spec, map[string]Tensor{
		"1.linear.weight": {Shape: []int{1, 1}, Data: []float32{1e30}},
		"2.linear.weight": {Shape: []int{1, 1}, Data: []float32{1e30}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if head.Report().Folded {
		t.Error("folded beyond float32")
	}
	got := apply(head, []float32{1e-30})
	differ(t, "output", got, []float32{1e30}, 1e-6)
}
