package heads

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
)

func parseSpec(t *testing.T, text string) Spec {
	t.Helper()
	var s Spec
	decode(t, []byte(text), &s)
	return s
}

// TestSpecTensors checks names, shapes and counts of tensors.
func TestSpecTensors(t *testing.T) {
	for _, test := range []struct {
		spec string
		want map[string][]int
	}{
		{`{"kind":"linear","in":8,"out":5,"bias":true}`, map[string][]int{"W1": {5, 8}, "W1.bias": {5}}},
		{`{"kind":"ffn","in":6,"out":5,"depth":3,"rho":1.5,"activation":"relu","residual":"per_layer"}`,
			map[string][]int{"W1": {9, 6}, "W2": {6, 9}, "W3": {5, 6}, "R1": {9, 6}, "R2": {6, 9}}},
		{`{"kind":"ffn","in":6,"out":5,"depth":6,"rho":2,"activation":"relu","residual":"block"}`,
			map[string][]int{"W1": {12, 6}, "W2": {6, 12}, "W3": {12, 6}, "W4": {6, 12}, "W5": {12, 6}, "W6": {5, 12}, "U": {12, 6}}},
		{`{"kind":"ffn","in":6,"out":5,"depth":2,"rho":2,"activation":"relu","residual":"sequential","bias":true}`,
			map[string][]int{"U": {12, 6}, "W1": {12, 12}, "W1.bias": {12}, "W2": {5, 12}, "W2.bias": {5}}},
		{`{"kind":"ffn","in":6,"out":5,"depth":2,"activation":"relu","residual":"sequential"}`,
			map[string][]int{"W1": {6, 6}, "W2": {5, 6}}},
		{`{"kind":"glu","in":6,"out":5,"depth":2,"activation":"sigmoid","final":"linear"}`,
			map[string][]int{"Wv1": {6, 6}, "Wg1": {6, 6}, "W2": {5, 6}}},
		{`{"kind":"glu","in":6,"out":5,"activation":"gelu","residual":"projection"}`,
			map[string][]int{"Wv1": {5, 6}, "Wg1": {5, 6}, "R1": {5, 6}}},
		{`{"kind":"dense","in":6,"out":5,"layers":[
			{"name":"1_Dense","in":6,"out":6,"residual":"identity","bias":true},{"name":"2_Dense","in":6,"out":5,"activation":"tanh","residual":"matrix"}]}`,
			map[string][]int{"1_Dense.linear.weight": {6, 6}, "1_Dense.linear.bias": {6},
				"2_Dense.linear.weight": {5, 6}, "2_Dense.residual.weight": {5, 6}}},
	} {
		t.Run(test.spec, func(t *testing.T) {
			spec := parseSpec(t, test.spec)
			got := map[string][]int{}
			parameters := 0
			for _, tensor := range spec.Tensors() {
				got[tensor.Name] = tensor.Shape
				size := 1
				for _, n := range tensor.Shape {
					size *= n
				}
				parameters += size
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("expected %v, found %v", test.want, got)
			}
			if spec.Parameters() != parameters {
				t.Errorf("expected %d parameters, found %d", parameters, spec.Parameters())
			}
		})
	}
}

func TestSpecJSONRoundTrip(t *testing.T) {
	r := newRand(t, 99)
	for range 300 {
		spec := randomSpec(r, 1, 30)
		text, err := json.Marshal(spec)
		if err != nil {
			t.Fatal(err)
		}
		if again := parseSpec(t, string(text)); !reflect.DeepEqual(again, spec) {
			t.Fatalf("%s became %+v", text, again)
		}
	}
}

func TestSpecErrors(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"no object", `[]`, "heads: spec: expected a JSON object"},
		{"null layer", `{"kind":"dense","in":1,"out":1,"layers":[null]}`, "heads: spec: layers[0]: expected a JSON object, found null"},
		{"no kind", `{"in":4,"out":2}`, "heads: spec: kind: expected a string, found no such key"},
		{"unknown kind", `{"kind":"mlp","in":4,"out":2}`, `heads: spec: kind: expected linear, ffn, glu or dense, found "mlp"`},
		{"unknown key", `{"kind":"linear","in":4,"out":2,"dropout":0.1}`, `heads: spec: expected only the keys kind, in, out, depth, rho, activation, residual, final, bias, layers, found "dropout"`},
		{"key in capitals", `{"Kind":"linear","in":4,"out":2}`, `found "Kind"`},
		{"in is a string", `{"kind":"linear","in":"4","out":2}`, `heads: spec: in: expected a whole number, found "4"`},
		{"in is a fraction", `{"kind":"linear","in":4.5,"out":2}`, `heads: spec: in: expected a whole number, found 4.5`},
		{"in is null", `{"kind":"linear","in":null,"out":2}`, `heads: spec: in: expected a whole number, found null`},
		{"in is absurd", `{"kind":"linear","in":1073741824,"out":2}`, "heads: spec: in: expected 1 to 1048576, found 1073741824"},
		{"in is beyond integers", `{"kind":"linear","in":1e400,"out":2}`, "heads: spec: in: expected a whole number, found 1e400"},
		{"out is zero", `{"kind":"linear","in":4,"out":0}`, "heads: spec: out: expected 1 to 1048576, found 0"},
		{"out is negative", `{"kind":"linear","in":4,"out":-2}`, "heads: spec: out: expected 1 to 1048576, found -2"},
		{"deep linear", `{"kind":"linear","in":4,"out":2,"depth":2}`, "heads: spec: depth: expected 1 to 1 for kind linear, found 2"},
		{"absurd depth", `{"kind":"glu","in":4,"out":2,"depth":65,"activation":"relu"}`, "heads: spec: depth: expected 1 to 64 for kind glu, found 65"},
		{"fractional middle", `{"kind":"ffn","in":5,"out":2,"depth":2,"rho":1.5,"activation":"relu"}`, "heads: spec: rho: expected rho·in to be a whole number"},
		{"vanishing middle", `{"kind":"ffn","in":4,"out":2,"depth":2,"rho":1e-300,"activation":"relu"}`, "heads: spec: rho: expected"},
		{"absurd middle", `{"kind":"ffn","in":4,"out":2,"depth":2,"rho":1e300,"activation":"relu"}`, "heads: spec: rho: expected"},
		{"no activation", `{"kind":"ffn","in":4,"out":2,"depth":2}`, "heads: spec: activation: expected one of identity, relu, gelu, silu,"},
		{"unknown activation", `{"kind":"glu","in":4,"out":2,"activation":"maxout"}`, `found "maxout"`},
		{"activation of a linear head", `{"kind":"linear","in":4,"out":2,"activation":"relu"}`, "kind linear: expected activation identity and rho 1, found relu and 1"},
		{"unknown residual", `{"kind":"linear","in":4,"out":2,"residual":"dense"}`, `heads: spec: residual: found "dense"`},
		{"residual of a dense layer", `{"kind":"linear","in":4,"out":2,"residual":"identity"}`, `heads: spec: residual: found "identity", which kind linear of depth 1 doesn't have`},
		{"sequential of depth 3", `{"kind":"ffn","in":4,"out":2,"depth":3,"activation":"relu","residual":"sequential"}`, `residual: found "sequential", which kind ffn of depth 3`},
		{"projection of depth 2", `{"kind":"glu","in":4,"out":2,"depth":2,"activation":"relu","residual":"projection"}`, `residual: found "projection", which kind glu of depth 2`},
		{"final of an ffn", `{"kind":"ffn","in":4,"out":2,"depth":2,"activation":"relu","final":"linear"}`, `final: found "linear", which kind ffn of depth 2`},
		{"final of depth 1", `{"kind":"glu","in":4,"out":2,"activation":"relu","final":"linear"}`, `final: found "linear", which kind glu of depth 1`},
		{"unknown final", `{"kind":"glu","in":4,"out":2,"depth":2,"activation":"relu","final":"relu"}`, `final: expected glu or linear, found "relu"`},
		{"bias of a gate", `{"kind":"glu","in":4,"out":2,"activation":"relu","bias":true}`, "bias: expected false for kind glu, found true"},
		{"layers of a linear head", `{"kind":"linear","in":4,"out":2,"layers":[{"name":"1","in":4,"out":2}]}`, "layers: expected none for kind linear, found 1"},
		{"no layers", `{"kind":"dense","in":4,"out":2}`, "layers: expected 1 to 64, found 0"},
		{"depth of a chain", `{"kind":"dense","in":4,"out":2,"depth":1,"layers":[{"name":"1","in":4,"out":2}]}`, "kind dense: expected layers alone"},
		{"nameless layer", `{"kind":"dense","in":4,"out":2,"layers":[{"in":4,"out":2}]}`, "heads: spec: layers[0]: name: expected a string, found no such key"},
		{"twin layers", `{"kind":"dense","in":4,"out":4,"layers":[{"name":"1","in":4,"out":4},{"name":"1","in":4,"out":4}]}`, `layers[1]: name: expected one that no other layer has, found "1"`},
		{"gap in the chain", `{"kind":"dense","in":4,"out":4,"layers":[{"name":"a","in":4,"out":3},{"name":"b","in":4,"out":4}]}`, "layer b: in: expected 3, which the layer before it puts out, found 4"},
		{"wrong end", `{"kind":"dense","in":4,"out":2,"layers":[{"name":"a","in":4,"out":3}]}`, "out: expected 3 as of the last layer, found 2"},
		{"identity between sizes", `{"kind":"dense","in":4,"out":3,"layers":[{"name":"a","in":4,"out":3,"residual":"identity"}]}`, "layer a: residual: expected none or matrix where 4 inputs become 3 outputs"},
		{"block in a chain", `{"kind":"dense","in":4,"out":3,"layers":[{"name":"a","in":4,"out":3,"residual":"block"}]}`, `layer a: residual: expected none, identity or matrix, found "block"`},
		{"absurd layer", `{"kind":"dense","in":4,"out":3,"layers":[{"name":"a","in":-4,"out":3}]}`, "layer a: in: expected 1 to 1048576, found -4"},
		{"unknown key in a layer", `{"kind":"dense","in":4,"out":3,"layers":[{"name":"a","in":4,"out":3,"p":1}]}`, `found "p"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var s Spec
			err := json.Unmarshal([]byte(test.text), &s)
			expectError(t, err, test.want)
			if !reflect.DeepEqual(s, Spec{}) {
				t.Errorf("an invalid spec was stored: %+v", s)
			}
		})
	}
}

func TestSpecRhoIsRounded(t *testing.T) {
	s := Spec{Kind: FFN, In: 384, Out: 64, Depth: 2, Rho: 4.0 / 3, Activation: "relu"}
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	if got := s.Tensors()[0].Shape; got[0] != 512 {
		t.Errorf("expected 512 rows, found %v", got)
	}
	s.Rho = math.NaN()
	expectError(t, s.Validate(), "rho: expected")
}

// TestZeroSpec: the zero value is invalid and says so.
func TestZeroSpec(t *testing.T) {
	err := Spec{}.Validate()
	if err == nil || !strings.HasPrefix(err.Error(), "heads: spec: ") {
		t.Errorf("expected an error, found %v", err)
	}
}
