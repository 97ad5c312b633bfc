package weights

import (
	"fmt"
	"strings"
	"testing"
)

func TestExpect(t *testing.T) {
	tensors := map[string]Tensor{}
	for _, tensor := range smallTensors()[""] {
		tensors[tensor.Name] = tensor
	}
	all := []Shape{
		{"embeddings.tok_embeddings.weight", []int{9, 6}},
		{"final_norm.weight", []int{6}},
		{"layers.0.mlp.Wi.weight", []int{5, 6}},
		{"scale", nil},
		{"nothing", []int{0, 6}},
	}
	var many []Shape
	for i := range 20 {
		many = append(many, Shape{fmt.Sprintf("m%d", i), []int{1}})
	}
	tests := []struct {
		name   string
		want   []Shape
		ignore func(string) bool
		err    string // "" for none
	}{
		{"exact", all, nil, ""},
		{"missing", append(all[:5:5], Shape{"linear.bias", []int{4}}), nil,
			"weights: small: of 6 expected tensors: 1 missing (linear.bias)"},
		{"superfluous", all[:3], nil,
			"weights: small: of 3 expected tensors: 2 superfluous (nothing, scale)"},
		{"superfluous, ignored", all[:3], func(name string) bool { return name == "nothing" || name == "scale" }, ""},
		{"one ignored", all[:3], func(name string) bool { return name == "nothing" },
			"weights: small: of 3 expected tensors: 1 superfluous (scale)"},
		{"wanted and ignored", all, func(string) bool { return true }, ""},
		{"transposed", append(all[1:5:5], Shape{"embeddings.tok_embeddings.weight", []int{6, 9}}), nil,
			"weights: small: of 5 expected tensors: 1 of another shape (embeddings.tok_embeddings.weight is [9 6], expected [6 9])"},
		{"another rank", append(all[:3:3], Shape{"scale", []int{1}}, all[4]), nil,
			"weights: small: of 5 expected tensors: 1 of another shape (scale is [], expected [1])"},
		{"all kinds", append(many, all[0], Shape{"scale", []int{2}}), func(name string) bool { return strings.HasPrefix(name, "layers.") },
			"weights: small: of 22 expected tensors: 20 missing (m0, m1, m2, m3, ...); 1 of another shape (scale is [], expected [2]); 2 superfluous (final_norm.weight, nothing)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := Expect("small", tensors, test.want, test.ignore)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != test.err {
				t.Errorf("got  %s\nwant %s", got, test.err)
			}
		})
	}
}
