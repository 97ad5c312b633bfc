package main

import (
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/heads"
	"github.com/toller-search/toller/testdata"
)

// withHead gives a golden checkpoint, whose states are 128 wide, another head.
func withHead(t *testing.T, spec heads.Spec) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	tensors := map[string]heads.Tensor{}
	for _, shape := range spec.Tensors() {
		size := 1
		for _, n := range shape.Shape {
			size *= n
		}
		data := make([]float32, size)
		for i := range data {
			data[i] = float32(rng.NormFloat64()) / 8
		}
		tensors[shape.Name] = heads.Tensor{Shape: shape.Shape, Data: data}
	}
	checkpoint := testdata.Checkpoint(t, "linear-head")
	if err := edge.WriteHead(checkpoint, spec, tensors); err != nil {
		t.Fatal(err)
	}
	return checkpoint
}

// TestInfoHead: info says what the head is and what was folded, as text and as
// JSON.
func TestInfoHead(t *testing.T) {
	for _, test := range []struct {
		spec  heads.Spec
		lines []string
		want  heads.Report
	}{
		{
			heads.Spec{Kind: heads.Linear, In: 128, Out: 24, Bias: true},
			[]string{"head         linear, 128→24, bias, 3,096 parameters", "layer 1: 128→24 + bias"},
			heads.Report{Kind: heads.Linear, In: 128, Out: 24, Depth: 1, Rho: 1, Activation: "identity", Residual: heads.None, Bias: true, Parameters: 3096, Stored: 3096},
		},
		{
			heads.Spec{Kind: heads.FFN, In: 128, Out: 24, Depth: 3, Rho: 1.5, Activation: "gelu", Residual: heads.PerLayer},
			[]string{"head         ffn of 3 layers, 128→24, gelu, scale 1.5, residual per_layer, 101,376 parameters",
				"layer 1: gelu(128→192) + 128→192 of its input", "layer 2: gelu(192→128) + 192→128 of its input", "layer 3: 128→24"},
			heads.Report{Kind: heads.FFN, In: 128, Out: 24, Depth: 3, Rho: 1.5, Activation: "gelu", Residual: heads.PerLayer, Parameters: 101376, Stored: 101376},
		},
		{
			heads.Spec{Kind: heads.FFN, In: 128, Out: 24, Depth: 2, Rho: 2, Activation: "identity", Residual: heads.Block},
			[]string{"head         ffn of 2 layers, 128→24, identity, scale 2, residual block, 71,680 parameters, 3,072 when folded",
				"128→24, folded from layer 1: 128→256 + 128→256 of its input and layer 2: 256→24"},
			heads.Report{Kind: heads.FFN, In: 128, Out: 24, Depth: 2, Rho: 2, Activation: "identity", Residual: heads.Block, Parameters: 71680, Stored: 3072, Folded: true},
		},
		{
			heads.Spec{Kind: heads.GLU, In: 128, Out: 24, Depth: 2, Rho: 1, Activation: "sigmoid", Final: heads.FinalLinear},
			[]string{"head         glu of 2 layers, 128→24, sigmoid, scale 1, the last layer linear, 35,840 parameters",
				"layer 1: (128→128) ⊙ sigmoid(128→128)", "layer 2: 128→24"},
			heads.Report{Kind: heads.GLU, In: 128, Out: 24, Depth: 2, Rho: 1, Activation: "sigmoid", Residual: heads.None, Final: heads.FinalLinear, Parameters: 35840, Stored: 35840},
		},
	} {
		checkpoint := withHead(t, test.spec)
		text := toller(t, "", "info", "--model", checkpoint).want(t, exitOK).stdout
		lines := strings.Split(text, "\n")
		for i, line := range lines {
			lines[i] = strings.TrimRight(line, " ")
		}
		for i, want := range test.lines {
			if i > 0 {
				want = strings.Repeat(" ", len("fingerprint  ")) + want
			}
			if !slices.Contains(lines, want) {
				t.Errorf("%q is not in:\n%s", want, text)
			}
		}
		var got modelInfo
		decode(t, toller(t, "", "info", "--json", "--model", checkpoint).want(t, exitOK).stdout, &got)
		h := got.Head
		if len(h.Layers) == 0 || h.Folded != (h.Layers[0].FoldedFrom != nil) {
			t.Errorf("layers %+v", h.Layers)
		}
		h.Layers = nil
		if !reflect.DeepEqual(h, test.want) {
			t.Errorf("expected %+v, found %+v", test.want, h)
		}
	}
	chain := toller(t, "", "info", "--model", testdata.Checkpoint(t, "modernbert-residual")).want(t, exitOK).stdout
	if want := "head         dense of 3 layers, 128→32, "; !strings.Contains(chain, want) {
		t.Errorf("%q is not in:\n%s", want, chain)
	}
}

// TestPackHead: a head of toller's own goes into the packed file, with the
// same vectors.
func TestPackHead(t *testing.T) {
	checkpoint := withHead(t, heads.Spec{Kind: heads.GLU, In: 128, Out: 24, Depth: 2, Rho: 2, Activation: "gelu", Residual: heads.PerLayer})
	out := filepath.Join(t.TempDir(), "model.safetensors")
	toller(t, "", "pack", checkpoint, "-o", out, "--dtype", "f32").want(t, exitOK)
	encode := func(model string) string {
		return toller(t, "", "encode", "--document", "Paris is the capital of France.", "--model", model).want(t, exitOK).stdout
	}
	if encode(out) != encode(checkpoint) {
		t.Error("the packed model gives other vectors")
	}
	if text := toller(t, "", "info", "--model", out).want(t, exitOK).stdout; !strings.Contains(text, "glu of 2 layers, 128→24, gelu, scale 2, residual per_layer") {
		t.Errorf("no such head in:\n%s", text)
	}
}
