package heads

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestApplyRowsAreIndependent: bit-identical results however rows are split
// over calls and goroutines.
func TestApplyRowsAreIndependent(t *testing.T) {
	const n = 3*chunk + 17
	r := newRand(t, 7)
	for range 20 {
		spec := randomSpec(r, 1, 70)
		head, err := New(spec, randomTensors(r, spec))
		if err != nil {
			t.Fatal(err)
		}
		in, out := head.In(), head.Out()
		x := randomVectors(r, n, in)
		want := apply(head, x)

		got := make([]float32, n*out)
		for first := 0; first < n; {
			rows := min(1+r.IntN(100), n-first)
			head.Apply(got[first*out:], x[first*in:], rows)
			first += rows
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: rows split over calls differ", describe(spec))
		}

		clear(got)
		var group sync.WaitGroup
		for row := range n {
			group.Go(func() { head.Apply(got[row*out:][:out], x[row*in:][:in], 1) })
		}
		group.Wait()
		if !slices.Equal(got, want) {
			t.Errorf("%s: rows split over goroutines differ", describe(spec))
		}
		head.Apply(nil, nil, 0)
	}
}

func TestNewErrors(t *testing.T) {
	spec := parseSpec(t, `{"kind":"ffn","in":4,"out":3,"depth":2,"rho":2,"activation":"relu","residual":"block","bias":true}`)
	for _, test := range []struct {
		name   string
		change func(map[string]Tensor)
		want   string
	}{
		{"missing", func(m map[string]Tensor) { delete(m, "U") },
			"heads: tensor U: expected shape [8 4], found no such tensor"},
		{"transposed", func(m map[string]Tensor) { m["U"] = Tensor{Shape: []int{4, 8}, Data: make([]float32, 32)} },
			"heads: tensor U: expected shape [8 4], found [4 8]"},
		{"flat", func(m map[string]Tensor) { m["U"] = Tensor{Shape: []int{32}, Data: make([]float32, 32)} },
			"heads: tensor U: expected shape [8 4], found [32]"},
		{"bias of inputs", func(m map[string]Tensor) { m["W2.bias"] = Tensor{Shape: []int{8}, Data: make([]float32, 8)} },
			"heads: tensor W2.bias: expected shape [3], found [8]"},
		{"short", func(m map[string]Tensor) { m["W1"] = Tensor{Shape: []int{8, 4}, Data: make([]float32, 31)} },
			"heads: tensor W1: expected 32 values for shape [8 4], found 31"},
		{"superfluous", func(m map[string]Tensor) { m["W3"] = Tensor{Shape: []int{3, 3}, Data: make([]float32, 9)} },
			"heads: tensor W3: expected no such tensor for this head, found shape [3 3]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			tensors := randomTensors(newRand(t, 1), spec)
			if _, err := New(spec, tensors); err != nil {
				t.Fatal(err)
			}
			test.change(tensors)
			_, err := New(spec, tensors)
			expectError(t, err, test.want)
		})
	}
	_, err := New(Spec{Kind: FFN, In: 4, Out: 3}, nil)
	expectError(t, err, "heads: spec: depth: expected 2 to 64 for kind ffn, found 1")
}

func expectError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("expected an error with %q, found %v", want, err)
	}
}

// TestActivations compares every activation with values computed from torch's
// definitions at its default parameters.
func TestActivations(t *testing.T) {
	want := map[string][5]float64{ // at −4, −0.25, 0, 0.75, 25
		"identity":    {-4, -0.25, 0, 0.75, 25},
		"relu":        {0, 0, 0, 0.75, 25},
		"gelu":        {-0.00012668496, -0.10032342, 0, 0.5800297, 25},
		"silu":        {-0.07194484, -0.10945588, 0, 0.50938367, 25},
		"sigmoid":     {0.01798621, 0.4378235, 0.5, 0.6791787, 1},
		"tanh":        {-0.9993293, -0.24491866, 0, 0.635149, 1},
		"celu":        {-0.98168436, -0.22119922, 0, 0.75, 25},
		"elu":         {-0.98168436, -0.22119922, 0, 0.75, 25},
		"hardshrink":  {-4, 0, 0, 0.75, 25},
		"hardsigmoid": {0, 0.4583333, 0.5, 0.625, 1},
		"hardswish":   {0, -0.11458333, 0, 0.46875, 25},
		"hardtanh":    {-1, -0.25, 0, 0.75, 1},
		"leakyrelu":   {-0.04, -0.0025, 0, 0.75, 25},
		"logsigmoid":  {-4.0181499, -0.82593942, -0.69314718, -0.38687104, -1.3887944e-11},
		"mish":        {-0.07259174, -0.12992696, 0, 0.6100183, 25},
		"relu6":       {0, 0, 0, 0.75, 6},
		"rrelu":       {-0.9166667, -0.05729167, 0, 0.75, 25},
		"selu":        {-1.7258986, -0.3888902, 0, 0.7880258, 26.267525},
		"softplus":    {0.01814993, 0.57593942, 0.69314718, 1.136871, 25},
		"softshrink":  {-3.5, 0, 0, 0.25, 24.5},
		"softsign":    {-0.8, -0.2, 0, 0.42857143, 0.9615385},
		"tanhshrink":  {-3.0006707, -0.0050813, 0, 0.114851, 24},
	}
	for _, a := range activations {
		t.Run(a.class, func(t *testing.T) {
			values, known := want[a.name()]
			if !known {
				t.Fatal("no expected values")
			}
			x := []float32{-4, -0.25, 0, 0.75, 25}
			if !a.isIdentity() {
				a.apply(x)
			}
			for i, w := range values {
				if d := math.Abs(float64(x[i]) - w); d > 1e-6+1e-6*math.Abs(w) || math.IsNaN(d) {
					t.Errorf("value %d: expected %v, found %v", i, w, x[i])
				}
			}
		})
	}
	if len(activations) != len(want) {
		t.Errorf("expected %d activations, found %d", len(want), len(activations))
	}
}

// BenchmarkApply runs the heads of the published checkpoints on 512 rows.
func BenchmarkApply(b *testing.B) {
	r := newRand(b, 1)
	for _, text := range []string{
		`{"kind":"linear","in":256,"out":48}`,
		`{"kind":"ffn","in":256,"out":48,"depth":2,"rho":2,"activation":"gelu","residual":"block"}`,
		`{"kind":"glu","in":256,"out":48,"depth":2,"rho":2,"activation":"sigmoid"}`,
	} {
		var spec Spec
		if err := spec.UnmarshalJSON([]byte(text)); err != nil {
			b.Fatal(err)
		}
		head, err := New(spec, randomTensors(r, spec))
		if err != nil {
			b.Fatal(err)
		}
		x := randomVectors(r, 512, spec.In)
		dst := make([]float32, 512*spec.Out)
		b.Run(fmt.Sprintf("%s%d", spec.Kind, spec.Depth), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				head.Apply(dst, x, 512)
			}
		})
	}
}
