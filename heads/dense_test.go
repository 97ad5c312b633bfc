package heads

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

const (
	pylate = "pylate.models.Dense.Dense"
	sbert  = "sentence_transformers.models.Dense"
)

func matrix(r, c int, values ...float32) Tensor { return Tensor{Shape: []int{r, c}, Data: values} }
func vector(values ...float32) Tensor           { return Tensor{Shape: []int{len(values)}, Data: values} }

// TestDenseModules computes single modules by hand: W x = (1, 4), b = (10, 20),
// R x = (−2, 1) for x = (1, 2).
func TestDenseModules(t *testing.T) {
	weight, bias, residual := matrix(2, 2, 1, 0, 0, 2), vector(10, 20), matrix(2, 2, 0, -1, 1, 0)
	identity := `"activation_function":"torch.nn.modules.linear.Identity"`
	for _, test := range []struct {
		name    string
		kind    string
		config  string
		tensors map[string]Tensor
		want    []float32
		warns   bool
	}{
		{"no bias", pylate, `"bias":false,` + identity, map[string]Tensor{"linear.weight": weight}, []float32{1, 4}, false},
		{"bias", pylate, `"bias":true,` + identity, map[string]Tensor{"linear.weight": weight, "linear.bias": bias}, []float32{11, 24}, false},
		{"bias by default", pylate, identity, map[string]Tensor{"linear.weight": weight, "linear.bias": bias}, []float32{11, 24}, false},
		{"residual", pylate, `"bias":false,"use_residual":true,` + identity, map[string]Tensor{"linear.weight": weight}, []float32{2, 6}, false},
		{"residual matrix", pylate, `"bias":false,"use_residual":true,` + identity,
			map[string]Tensor{"linear.weight": weight, "residual.weight": residual}, []float32{-1, 5}, false},
		{"activation before residual", pylate, `"bias":false,"use_residual":true,"activation_function":"torch.nn.modules.activation.Tanh"`,
			map[string]Tensor{"linear.weight": weight, "residual.weight": residual}, []float32{-2 + 0.76159416, 1 + 0.9993293}, false},
		{"bias before activation", pylate, `"activation_function":"torch.nn.modules.activation.ReLU6"`,
			map[string]Tensor{"linear.weight": weight, "linear.bias": vector(-3, 20)}, []float32{0, 6}, false},
		{"short class", pylate, `"bias":false,"activation_function":"torch.nn.Hardtanh"`, map[string]Tensor{"linear.weight": weight}, []float32{1, 1}, false},
		{"PyLate without activation", pylate, `"bias":false`, map[string]Tensor{"linear.weight": weight}, []float32{1, 4}, true},
		{"no type without activation", "", `"bias":false`, map[string]Tensor{"linear.weight": weight}, []float32{1, 4}, true},
		{"sentence-transformers without activation", sbert, `"bias":false`, map[string]Tensor{"linear.weight": weight}, []float32{0.76159416, 0.9993293}, false},
		{"newer sentence-transformers", "sentence_transformers.base.modules.Dense",
			`"bias":false,"module_input_name":"token_embeddings","module_output_name":"token_embeddings",` + identity,
			map[string]Tensor{"linear.weight": weight}, []float32{1, 4}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := fmt.Sprintf(`{"in_features":2,"out_features":2,%s}`, test.config)
			head, err := FromDense([]Dense{{Name: "1_Dense", Type: test.kind, Config: []byte(config), Tensors: test.tensors}})
			if err != nil {
				t.Fatal(err)
			}
			differ(t, "output", apply(head, []float32{1, 2}), test.want, 1e-6)
			if warnings := head.Report().Warnings; test.warns != (len(warnings) == 1 && strings.HasPrefix(warnings[0], "1_Dense/config.json has no activation_function")) {
				t.Errorf("unexpected warnings: %q", warnings)
			}
			if err := head.Spec().Validate(); err != nil {
				t.Errorf("its own spec is invalid: %v", err)
			}
		})
	}
}

// TestDenseChain computes a chain with everything in it from the definition,
// in float64.
func TestDenseChain(t *testing.T) {
	r := newRand(t, 5)
	config := func(in, out int, rest string) []byte {
		return fmt.Appendf(nil, `{"in_features":%d,"out_features":%d,%s}`, in, out, rest)
	}
	random := func(shape ...int) Tensor {
		size := 1
		for _, n := range shape {
			size *= n
		}
		return Tensor{Shape: shape, Data: randomVectors(r, 1, size)}
	}
	modules := []Dense{
		{Name: "1_Dense", Type: pylate, Config: config(5, 7, `"bias":true,"activation_function":"torch.nn.modules.activation.GELU","use_residual":true`),
			Tensors: map[string]Tensor{"linear.weight": random(7, 5), "linear.bias": random(7), "residual.weight": random(7, 5)}},
		{Name: "2_Dense", Type: pylate, Config: config(7, 7, `"bias":false,"activation_function":"torch.nn.modules.activation.Sigmoid","use_residual":true`),
			Tensors: map[string]Tensor{"linear.weight": random(7, 7)}},
		{Name: "3_Dense", Type: sbert, Config: config(7, 3, `"bias":true,"activation_function":"torch.nn.modules.linear.Identity"`),
			Tensors: map[string]Tensor{"linear.weight": random(3, 7), "linear.bias": random(3)}},
	}
	times := func(w Tensor, x []float64) []float64 {
		y := make([]float64, w.Shape[0])
		for i := range y {
			for j, v := range x {
				y[i] += float64(w.Data[i*len(x)+j]) * v
			}
		}
		return y
	}
	const rows = 9
	x := randomVectors(r, rows, 5)
	var want []float32
	for row := range rows {
		in := float64s(x[row*5:][:5])
		a := times(modules[0].Tensors["linear.weight"], in)
		skip := times(modules[0].Tensors["residual.weight"], in)
		for i := range a {
			v := a[i] + float64(modules[0].Tensors["linear.bias"].Data[i])
			a[i] = 0.5*v*(1+math.Erf(v/math.Sqrt2)) + skip[i]
		}
		b := times(modules[1].Tensors["linear.weight"], a)
		for i := range b {
			b[i] = 1/(1+math.Exp(-b[i])) + a[i]
		}
		c := times(modules[2].Tensors["linear.weight"], b)
		for i := range c {
			c[i] += float64(modules[2].Tensors["linear.bias"].Data[i])
		}
		want = append(want, float32s(c)...)
	}
	head, err := FromDense(modules)
	if err != nil {
		t.Fatal(err)
	}
	if head.In() != 5 || head.Out() != 3 || head.Parameters() != 35+7+35+49+21+3 {
		t.Errorf("expected 5→3 with 150 parameters, found %d→%d with %d", head.In(), head.Out(), head.Parameters())
	}
	differ(t, "output", apply(head, x), want, 1e-5)
}

func TestDenseErrors(t *testing.T) {
	const identity = `"activation_function":"torch.nn.modules.linear.Identity"`
	good := `{"in_features":2,"out_features":2,"bias":false,` + identity + `}`
	weight := map[string]Tensor{"linear.weight": matrix(2, 2, 1, 0, 0, 1)}
	for _, test := range []struct {
		name    string
		kind    string
		config  string
		tensors map[string]Tensor
		want    string
	}{
		{"other class", "pylate.models.Pooling", good, weight, `heads: 1_Dense: expected a module of class Dense, found "pylate.models.Pooling"`},
		{"no JSON", pylate, `{`, weight, "heads: 1_Dense/config.json: expected a JSON object"},
		{"empty", pylate, ``, weight, "heads: 1_Dense/config.json: expected a JSON object"},
		{"list", pylate, `[]`, weight, "heads: 1_Dense/config.json: expected a JSON object"},
		{"key twice", pylate, `{"in_features":2,"out_features":2,"in_features":3}`, weight, `heads: 1_Dense/config.json: expected a JSON object: jsontext: duplicate object member name "in_features"`},
		{"no in_features", pylate, `{"out_features":2}`, weight, "heads: 1_Dense/config.json: in_features: expected a whole number, found no such key"},
		{"absurd in_features", pylate, `{"in_features":1073741824,"out_features":2}`, weight, "heads: 1_Dense/config.json: in_features: expected 1 to 1048576, found 1073741824"},
		{"negative out_features", pylate, `{"in_features":2,"out_features":-2}`, weight, "heads: 1_Dense/config.json: out_features: expected 1 to 1048576, found -2"},
		{"zero out_features", pylate, `{"in_features":2,"out_features":0}`, weight, "out_features: expected 1 to 1048576, found 0"},
		{"bias is a number", pylate, `{"in_features":2,"out_features":2,"bias":0}`, weight, "bias: expected true or false, found 0"},
		{"bias is null", pylate, `{"in_features":2,"out_features":2,"bias":null}`, weight, "bias: expected true or false, found null"},
		{"unknown key", pylate, `{"in_features":2,"out_features":2,"use_layernorm":true}`, weight, `found "use_layernorm"`},
		{"unknown activation", pylate, `{"in_features":2,"out_features":2,"bias":false,"activation_function":"torch.nn.modules.activation.PReLU"}`, weight,
			`heads: 1_Dense/config.json: activation_function: expected a class of torch.nn, one of Identity, ReLU, GELU, SiLU, `},
		{"foreign activation", pylate, `{"in_features":2,"out_features":2,"bias":false,"activation_function":"acme.GELU"}`, weight, `found "acme.GELU"`},
		{"function as activation", pylate, `{"in_features":2,"out_features":2,"bias":false,"activation_function":"torch.nn.functional.gelu"}`, weight, `found "torch.nn.functional.gelu"`},
		{"no weight", pylate, good, nil, "heads: tensor 1_Dense.linear.weight: expected shape [2 2], found no such tensor"},
		{"wrong weight", pylate, good, map[string]Tensor{"linear.weight": matrix(1, 4, 1, 0, 0, 1)}, "heads: tensor 1_Dense.linear.weight: expected shape [2 2], found [1 4]"},
		{"bias missing", pylate, `{"in_features":2,"out_features":2,` + identity + `}`, weight, "heads: tensor 1_Dense.linear.bias: expected shape [2], found no such tensor"},
		{"bias unannounced", pylate, good, map[string]Tensor{"linear.weight": weight["linear.weight"], "linear.bias": vector(1, 2)},
			"heads: tensor 1_Dense.linear.bias: expected no such tensor for this head, found shape [2]"},
		{"residual unannounced", pylate, good, map[string]Tensor{"linear.weight": weight["linear.weight"], "residual.weight": weight["linear.weight"]},
			"heads: tensor 1_Dense.residual.weight: expected no such tensor"},
		{"residual missing", pylate, `{"in_features":2,"out_features":1,"bias":false,"use_residual":true,` + identity + `}`,
			map[string]Tensor{"linear.weight": matrix(1, 2, 1, 1)}, "heads: tensor 1_Dense.residual.weight: expected shape [1 2], found no such tensor"},
		{"other input", pylate, `{"in_features":2,"out_features":2,"module_input_name":"scores"}`, weight, `module_input_name: expected token_embeddings or sentence_embedding, found "scores"`},
		{"other output", pylate, `{"in_features":2,"out_features":2,"module_output_name":"scores"}`, weight, `module_output_name: expected sentence_embedding as in module_input_name, found "scores"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := FromDense([]Dense{{Name: "1_Dense", Type: test.kind, Config: []byte(test.config), Tensors: test.tensors}})
			expectError(t, err, test.want)
		})
	}

	_, err := FromDense(nil)
	expectError(t, err, "heads: expected at least one Dense module, found none")

	first := Dense{Name: "1_Dense", Type: pylate, Config: []byte(good), Tensors: weight}
	narrow := Dense{Name: "2_Dense", Type: pylate, Config: []byte(`{"in_features":3,"out_features":1,"bias":false,` + identity + `}`),
		Tensors: map[string]Tensor{"linear.weight": matrix(1, 3, 1, 1, 1)}}
	_, err = FromDense([]Dense{first, narrow})
	expectError(t, err, "heads: 2_Dense/config.json: in_features: expected 2, the out_features of 1_Dense, found 3")
	_, err = FromDense([]Dense{first, first})
	expectError(t, err, `name: expected one that no other layer has, found "1_Dense"`)
}
