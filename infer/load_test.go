package infer

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/weights"
)

func TestLoadChecksTensors(t *testing.T) {
	r := newRand(t)
	with := func(name string) func([]weights.Shape) []weights.Shape {
		return func(shapes []weights.Shape) []weights.Shape {
			return append(shapes, weights.Shape{Name: name, Dims: []int{3}})
		}
	}
	for name, c := range map[string]struct {
		change func([]weights.Shape) []weights.Shape
		want   string // part of the error; empty: none
	}{
		"missing":     {without("layers.2.mlp.Wo.weight"), "layers.2.mlp.Wo.weight"},
		"another H":   {reshaped("layers.1.attn.Wqkv.weight", 192, 63), "layers.1.attn.Wqkv.weight is [192 63], expected [192 64]"},
		"a vector":    {reshaped("layers.1.attn.Wo.weight", 64*64), "layers.1.attn.Wo.weight is [4096], expected [64 64]"},
		"superfluous": {with("layers.0.attn_norm.weight"), "layers.0.attn_norm.weight"},
		"MLM head":    {with("decoder.bias"), ""},
	} {
		checkpoint, err := weights.Open(small.writeShapes(t, r, c.change))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_, err = New(checkpoint, Options{})
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: expected no error, found %v", name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: expected an error with %q, found %v", name, c.want, err)
		}
		checkpoint.Close()
	}
}

// TestLoadChecksBuffers: arrays of integers that aren't known are refused.
func TestLoadChecksBuffers(t *testing.T) {
	for name, c := range map[string]struct {
		ignore func(string) bool
		want   string
	}{
		"unknown":     {func(string) bool { return false }, `tensor "codes": dtype "I32" is not supported`},
		"none known":  {nil, `tensor "codes": dtype "I32" is not supported`},
		"one that is": {func(name string) bool { return name == "codes" }, ""},
	} {
		l := &loader{where: "here", buffers: []weights.Buffer{{Name: "codes", Type: "I32", Shape: []int{2}}}}
		err := l.expect(nil, c.ignore)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: expected an error with %q, found %v", name, c.want, err)
		}
	}
}

// TestLoadPrefixed takes the tensors from where a language model has them.
func TestLoadPrefixed(t *testing.T) {
	r := newRand(t)
	dir := small.writeShapes(t, r, func(shapes []weights.Shape) []weights.Shape {
		for i := range shapes {
			shapes[i].Name = mlmPrefix + shapes[i].Name
		}
		return shapes
	})
	e := openDirectory(t, dir, 1)
	encodeAll(t, e, []Sequence{randomSequence(r, 30, small.vocab)})
	want := 50*64 + 2*64 + 4*(4*64*64+3*64*48+2*64) - 64
	if e.Parameters() != want {
		t.Errorf("expected %d parameters, found %d", want, e.Parameters())
	}
}

// without leaves a tensor out.
func without(name string) func([]weights.Shape) []weights.Shape {
	return func(shapes []weights.Shape) []weights.Shape {
		return slices.DeleteFunc(shapes, func(s weights.Shape) bool { return s.Name == name })
	}
}

// reshaped gives a tensor another shape.
func reshaped(name string, dims ...int) func([]weights.Shape) []weights.Shape {
	return func(shapes []weights.Shape) []weights.Shape {
		for i := range shapes {
			if shapes[i].Name == name {
				shapes[i].Dims = dims
			}
		}
		return shapes
	}
}

// TestLoadRows: with token embeddings in signed bytes, states are those of the
// same values in float32, whatever the architecture. Matrices can't be in bytes.
func TestLoadRows(t *testing.T) {
	r := newRand(t)
	for name, c := range map[string]struct{ dir, table, matrix string }{
		"modernbert": {small.write(t, r), embeddingsName, "layers.1.attn.Wo.weight"},
		"bert":       {smallBERT.write(t, r), wordsName, "encoder.layer.1.output.dense.weight"},
	} {
		t.Run(name, func(t *testing.T) {
			source, err := weights.Open(c.dir)
			if err != nil {
				t.Fatal(err)
			}
			defer source.Close()
			table, err := EmbeddingTable(source)
			if err != nil || table != c.table {
				t.Fatalf("expected the table %s, found %q, %v", c.table, table, err)
			}
			packed := func(c *weights.Checkpoint, rows ...string) *weights.Checkpoint {
				var file bytes.Buffer
				if err := weights.Pack(&file, c, simd.F32, rows...); err != nil {
					t.Fatal(err)
				}
				p, err := weights.OpenBytes("packed", file.Bytes())
				if err != nil {
					t.Fatal(err)
				}
				return p
			}
			inBytes := packed(source, table)
			var states [][][]float32
			sequences := []Sequence{randomSequence(r, 30, small.vocab), randomSequence(r, 1, small.vocab)}
			for want, c := range map[simd.DType]*weights.Checkpoint{simd.I8: inBytes, simd.F32: packed(inBytes)} {
				e, err := New(c, Options{})
				if err != nil {
					t.Fatal(err)
				}
				if e.Embeddings() != want || e.DType() != simd.F32 {
					t.Errorf("expected embeddings in %v and matrices in F32, found %v and %v", want, e.Embeddings(), e.DType())
				}
				states = append(states, encodeAll(t, e, sequences))
			}
			for i := range sequences {
				if !slices.Equal(states[0][i], states[1][i]) {
					t.Errorf("sequence %d: other states than with the same values in float32", i)
				}
			}
			_, err = New(packed(source, c.matrix), Options{})
			if err == nil || !strings.Contains(err.Error(), "packed: tensor "+c.matrix+": simd: I8 is a format of tables") {
				t.Errorf("a matrix in bytes: expected an error with its name, found %v", err)
			}
		})
	}
}
