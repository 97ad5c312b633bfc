package heads

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"reflect"
	"testing"
)

// FuzzSpec: whatever parses is valid, survives a round trip, and makes a head
// that runs.
func FuzzSpec(f *testing.F) {
	for _, text := range []string{
		`{"kind":"linear","in":8,"out":5,"bias":true}`,
		`{"kind":"ffn","in":8,"out":5,"depth":4,"rho":2,"activation":"gelu","residual":"block"}`,
		`{"kind":"ffn","in":8,"out":5,"depth":2,"rho":2,"activation":"relu","residual":"sequential","bias":true}`,
		`{"kind":"ffn","in":6,"out":5,"depth":3,"rho":1.5,"activation":"identity","residual":"per_layer"}`,
		`{"kind":"glu","in":8,"out":5,"depth":3,"activation":"sigmoid","final":"linear","residual":"block"}`,
		`{"kind":"glu","in":8,"out":5,"activation":"silu","residual":"projection"}`,
		`{"kind":"dense","in":4,"out":2,"layers":[{"name":"1_Dense","in":4,"out":4,"bias":true,"activation":"tanh","residual":"identity"},{"name":"2_Dense","in":4,"out":2,"residual":"matrix"}]}`,
		`{"kind":"ffn","in":1099511627776,"out":-1,"depth":1e9,"rho":1e308}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var spec Spec
		if json.Unmarshal(data, &spec) != nil {
			return
		}
		if err := spec.Validate(); err != nil {
			t.Fatalf("parsed, but invalid: %v", err)
		}
		text, err := json.Marshal(spec)
		if err != nil {
			t.Fatal(err)
		}
		var again Spec
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !reflect.DeepEqual(spec, again) {
			t.Fatalf("%s became %+v", text, again)
		}
		if spec.Parameters() < 1 {
			t.Fatalf("%s has %d parameters", text, spec.Parameters())
		}
		if spec.Parameters() > 1<<14 || spec.In > 1<<10 || spec.Out > 1<<10 {
			return
		}
		tensors := randomTensors(newRand(t, 1), spec)
		head, err := New(spec, tensors)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if head.Parameters() != parametersOf(tensors) {
			t.Fatalf("%s: expected %d parameters, found %d", text, parametersOf(tensors), head.Parameters())
		}
		for i, v := range apply(head, make([]float32, 2*head.In())) {
			if math.IsNaN(float64(v)) {
				t.Fatalf("%s: output %d is no number", text, i)
			}
		}
	})
}

// FuzzDenseConfig: no config, whatever the tensors, does more than fail.
func FuzzDenseConfig(f *testing.F) {
	for _, config := range []string{
		`{"in_features":4,"out_features":2,"bias":false,"activation_function":"torch.nn.modules.linear.Identity","use_residual":false}`,
		`{"in_features":4,"out_features":4,"bias":true,"activation_function":"torch.nn.modules.activation.GELU","use_residual":true}`,
		`{"in_features":4,"out_features":2,"module_input_name":"token_embeddings","module_output_name":"token_embeddings"}`,
		`{"in_features":1099511627776,"out_features":-3,"bias":null}`,
		`{"in_features":4,"out_features":2,"activation_function":"os.system"}`,
		`[{}]`, `null`, ``,
	} {
		f.Add([]byte(config), uint8(4), uint8(2), uint8(0), true)
		f.Add([]byte(config), uint8(4), uint8(4), uint8(3), false)
	}
	f.Fuzz(func(t *testing.T, config []byte, in, out, which uint8, pylateType bool) {
		m := Dense{Name: "1_Dense", Type: pylate, Config: config, Tensors: map[string]Tensor{}}
		if !pylateType {
			m.Type = sbert
		}
		rows, cols := int(out), int(in)
		m.Tensors["linear.weight"] = Tensor{Shape: []int{rows, cols}, Data: make([]float32, rows*cols)}
		if which&1 != 0 {
			m.Tensors["linear.bias"] = Tensor{Shape: []int{rows}, Data: make([]float32, rows)}
		}
		if which&2 != 0 {
			m.Tensors["residual.weight"] = Tensor{Shape: []int{rows, cols}, Data: make([]float32, rows*cols)}
		}
		head, err := FromDense([]Dense{m})
		if err != nil {
			return
		}
		if head.In() != cols || head.Out() != rows {
			t.Fatalf("tensors [%d, %d] made a head %d→%d", rows, cols, head.In(), head.Out())
		}
		apply(head, make([]float32, 3*cols))
	})
}

// FuzzPool: no vectors, finite or not, make pooling fail or lose one.
func FuzzPool(f *testing.F) {
	f.Add([]byte("what is the capital of france? paris is"), uint8(2), uint8(2), uint8(1))
	f.Add(make([]byte, 400), uint8(3), uint8(3), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, dim, factor, protected uint8) {
		if dim == 0 || len(data) > 1<<13 {
			return
		}
		n := len(data) / 4 / int(dim)
		vectors := make([]float32, n*int(dim))
		for i := range vectors {
			vectors[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
		checkPool(t, "fuzzed", vectors, int(dim), int(factor), min(int(protected), n))
	})
}
