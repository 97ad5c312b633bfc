package weights

import (
	"bytes"
	"io"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/toller-search/toller/infer/simd"
)

const tableName = "embeddings.tok_embeddings.weight"

// smallPackedRows is the small checkpoint in one file, with its embeddings in
// signed bytes.
func smallPackedRows(tb testing.TB) []byte {
	tb.Helper()
	var packed bytes.Buffer
	if err := Pack(&packed, open(tb, smallDirectory(tb)), simd.F16, tableName); err != nil {
		tb.Fatal(err)
	}
	return packed.Bytes()
}

// TestPackRows stores the embeddings of the small checkpoint in signed bytes.
func TestPackRows(t *testing.T) {
	c := open(t, smallDirectory(t))
	packed := smallPackedRows(t)
	p, err := OpenBytes("packed", packed)
	if err != nil {
		t.Fatal(err)
	}
	want, got := c.modules[""], p.modules[""]
	if len(got) != len(want) {
		t.Errorf("%d tensors, expected %d", len(got), len(want))
	}
	table := got[tableName]
	if table.DType != simd.I8 || table.Len() != 54 || len(table.Scales) != 9 {
		t.Fatalf("%d values in %v with %d scales", table.Len(), table.DType, len(table.Scales))
	}
	exact, rounded := want[tableName].Float32s(), table.Float32s()
	for i, x := range exact {
		if diff := math.Abs(float64(x - rounded[i])); diff > float64(table.Scales[i/6])*0.50001 {
			t.Errorf("element %d: %v became %v with a scale of %v", i, x, rounded[i], table.Scales[i/6])
		}
	}
	for name, tensor := range got {
		if name != tableName && tensor.DType != simd.F16 {
			t.Errorf("%q is in %v", name, tensor.DType)
		}
	}

	// Parts of rows, whole ones and many are the same values.
	random := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		first := random.IntN(table.Len() + 1)
		values := make([]float32, random.IntN(table.Len()-first+1))
		table.Values(values, first)
		for i, v := range values {
			if v != rounded[first+i] {
				t.Fatalf("element %d of %d from %d on: %v, expected %v", i, len(values), first, v, rounded[first+i])
			}
		}
	}

	var again bytes.Buffer
	if err := Pack(&again, p, simd.F16, tableName); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again.Bytes(), packed) {
		t.Error("packing twice differs from packing once")
	}

	// Without its name it becomes what it stands for, in the type of the others.
	back, err := OpenBytes("wide", pack(t, p, simd.F32))
	if err != nil {
		t.Fatal(err)
	}
	wide := back.modules[""][tableName]
	if wide.DType != simd.F32 || wide.Scales != nil {
		t.Errorf("in %v with %d scales", wide.DType, len(wide.Scales))
	}
	for i, v := range wide.Float32s() {
		if v != rounded[i] {
			t.Fatalf("element %d: %v, expected %v", i, v, rounded[i])
		}
	}
	var file bytes.Buffer
	if err := Write(&file, map[string]Tensor{"a": table}, simd.F32); err != nil {
		t.Error(err)
	}
	table.Scales = table.Scales[1:]
	wantError(t, Write(&file, map[string]Tensor{"a": table}, simd.F32), `tensor "a": shape [9 6] of I8 doesn't take the 8 scales`)
}

// Rows of zeros, and of values without an inverse, become zeros; the largest
// values stay finite.
func TestPackRowsExtremes(t *testing.T) {
	rows := [][]float32{{0, 0}, {1e-40, -1e-40}, {math.MaxFloat32, -math.MaxFloat32}, {-3, 1}}
	tensor := Tensor{Name: "a", DType: simd.F32, Shape: []int{4, 2}, Data: make([]byte, 32)}
	for i, row := range rows {
		simd.Narrow(tensor.Data[8*i:], simd.F32, row)
	}
	c := open(t, writeFiles(t, map[string]string{"config.json": "{}", "model.safetensors": string(build(t, nil, tensor))}))
	var packed bytes.Buffer
	if err := Pack(&packed, c, simd.F32, "a"); err != nil {
		t.Fatal(err)
	}
	p, err := OpenBytes("packed", packed.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	got := p.modules[""]["a"].Float32s()
	for i, want := range []float32{0, 0, 0, 0, math.MaxFloat32, -math.MaxFloat32, -3, 1} {
		if diff := math.Abs(float64(got[i]) - float64(want)); !(diff <= math.Abs(float64(want))/100) {
			t.Errorf("element %d: expected about %v, found %v", i, want, got[i])
		}
	}
}

func TestPackRowsRefuses(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	c := open(t, writeFiles(t, map[string]string{"config.json": "{}", "model.safetensors": string(build(t, nil,
		randomTensor(random, "a", simd.F16, 4, 3), randomTensor(random, "a.scale", simd.F16, 4), randomTensor(random, "b", simd.F16, 4)))}))
	for name, want := range map[string]string{
		"nothing": `there is no tensor "nothing"`,
		"a":       `tensor "a" can't be stored in I8: there is already a tensor "a.scale"`,
		"b":       `tensor "b": only tables can be stored in I8, found shape [4]`,
	} {
		wantError(t, Pack(io.Discard, c, simd.F16, name), "weights: pack "+c.Name(), want)
	}
}

// TestOpenRefusesRows: bytes without the scales that they need.
func TestOpenRefusesRows(t *testing.T) {
	codes := Tensor{Name: "a", DType: simd.I8, Shape: []int{2, 3}, Data: make([]byte, 6)}
	scale := func(values ...float32) Tensor {
		s := Tensor{Name: "a.scale", DType: simd.F32, Shape: []int{len(values)}, Data: make([]byte, 4*len(values))}
		simd.Narrow(s.Data, simd.F32, values)
		return s
	}
	flat, square, coded := codes, scale(1, 2), scale(1)
	flat.Shape = []int{6}
	square.Shape = []int{2, 1}
	coded.DType, coded.Shape, coded.Data = simd.I8, []int{2}, coded.Data[:2]
	for name, test := range map[string]struct {
		tensors []Tensor
		want    string // "" for none
	}{
		"good":        {[]Tensor{codes, scale(0, maxScale)}, ""},
		"none":        {[]Tensor{codes}, `tensor "a" in I8: expected its rows' scales in "a.scale", found no such tensor`},
		"no table":    {[]Tensor{flat, scale(1, 2)}, `tensor "a" in I8: expected a table of two sizes, found shape [6]`},
		"too few":     {[]Tensor{codes, scale(1)}, `tensor "a.scale": expected shape [2] in F32, F16 or BF16 for the rows of "a", found [1] in F32`},
		"a table":     {[]Tensor{codes, square}, `found [2 1] in F32`},
		"bytes":       {[]Tensor{codes, coded}, `"a.scale"`},
		"negative":    {[]Tensor{codes, scale(1, -1)}, `tensor "a.scale": row 1: expected a scale from 0 to 2.6584558e+36, found -1`},
		"too large":   {[]Tensor{codes, scale(1e37, 1)}, `tensor "a.scale": row 0: expected a scale from 0 to 2.6584558e+36, found 1e+37`},
		"no number":   {[]Tensor{codes, scale(1, float32(math.NaN()))}, `tensor "a.scale" of shape [2]: element 1 is NaN`},
		"an infinity": {[]Tensor{codes, scale(float32(math.Inf(1)), 1)}, `tensor "a.scale" of shape [2]: element 0 is +Inf`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := writeFiles(t, map[string]string{"config.json": "{}", "model.safetensors": string(build(t, nil, test.tensors...))})
			sharded := writeFiles(t, map[string]string{
				"config.json":                  "{}",
				"model.safetensors.index.json": `{"weight_map": {"a": "1.safetensors", "a.scale": "2.safetensors"}}`,
				"1.safetensors":                string(build(t, nil, test.tensors[:1]...)),
				"2.safetensors":                string(build(t, nil, test.tensors[1:]...)),
			})
			dense := []Tensor{{Name: "w", DType: simd.F32, Shape: []int{0}}}
			for _, tensor := range test.tensors {
				tensor.Name = "1_Dense/" + tensor.Name
				dense = append(dense, tensor)
			}
			file := filepath.Join(t.TempDir(), "packed.safetensors")
			writeFile(t, file, build(t, map[string]string{"toller.format": "1", "config.json": "{}", "modules.json": `[{"path":""},{"path":"1_Dense"}]`}, dense...))
			for _, path := range []string{dir, sharded, file} {
				if path == sharded && len(test.tensors) == 1 {
					continue
				}
				c, err := Open(path)
				if test.want == "" {
					if err != nil {
						t.Error(err)
						continue
					}
					c.Close()
					continue
				}
				want := test.want
				if path == file {
					want = inDense(want)
				}
				wantError(t, err, path, want)
			}
		})
	}
}

// inDense writes the names of a backbone's tensors as those of a module.
func inDense(message string) string {
	return strings.ReplaceAll(message, `"a`, `"1_Dense/a`)
}
