package weights

import (
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/toller-search/toller/infer/simd"
)

// safetensors builds a file from a header and its data, as they are.
func safetensors(header string, data []byte) []byte {
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	file = append(file, header...)
	return append(file, data...)
}

// build lays out tensors in the order given, with unpadded header, so that the
// data are at odd addresses as often as not.
func build(tb testing.TB, metadata map[string]string, tensors ...Tensor) []byte {
	tb.Helper()
	header := map[string]any{}
	if metadata != nil {
		header["__metadata__"] = metadata
	}
	var data []byte
	for _, t := range tensors {
		header[t.Name] = map[string]any{
			"dtype":        t.DType.String(),
			"shape":        t.Shape,
			"data_offsets": []int{len(data), len(data) + len(t.Data)},
		}
		data = append(data, t.Data...)
	}
	text, err := json.Marshal(header)
	if err != nil {
		tb.Fatal(err)
	}
	return safetensors(string(text), data)
}

// randomTensor has values around 0, exact in every DType.
func randomTensor(random *rand.Rand, name string, d simd.DType, shape ...int) Tensor {
	n := 1
	for _, size := range shape {
		n *= size
	}
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(random.IntN(255)-127) / 64
	}
	t := Tensor{Name: name, DType: d, Shape: append([]int{}, shape...), Data: make([]byte, n*d.Size())}
	simd.Narrow(t.Data, d, values)
	return t
}

// The configuration files of a small checkpoint. The tokenizer has what JSON
// strings can hide.
var smallFiles = map[string]string{
	"config.json":             "{\n  \"hidden_size\": 6\n}\n",
	"modules.json":            `[{"idx": 0, "path": ""}, {"idx": 1, "path": "1_Dense"}, {"idx": 2, "path": "2_Normalize"}]`,
	"tokenizer.json":          `{"vocab": {"a\"b": 1, "\\": 2, "Ġof": 3, "\ud83d\ude00": 4, "😀<&>": 5, "\u2028": 6, "` + "\u2028" + `": 7}}`,
	"1_Dense/config.json":     `{"in_features": 6, "out_features": 4}`,
	"2_Normalize/config.json": `{}`,
}

// smallTensors are the weights of the small checkpoint by module.
func smallTensors() map[string][]Tensor {
	random := rand.New(rand.NewPCG(1, 2))
	return map[string][]Tensor{
		"": {
			randomTensor(random, "embeddings.tok_embeddings.weight", simd.F16, 9, 6),
			randomTensor(random, "final_norm.weight", simd.F32, 6),
			randomTensor(random, "layers.0.mlp.Wi.weight", simd.BF16, 5, 6),
			randomTensor(random, "scale", simd.F32),
			randomTensor(random, "nothing", simd.F16, 0, 6),
		},
		"1_Dense": {
			randomTensor(random, "linear.weight", simd.F32, 4, 6),
			randomTensor(random, "linear.bias", simd.F16, 4),
		},
	}
}

// writeFiles writes files by slash-separated name into a new directory.
func writeFiles(tb testing.TB, files map[string]string) string {
	tb.Helper()
	dir := tb.TempDir()
	for name, text := range files {
		writeFile(tb, filepath.Join(dir, filepath.FromSlash(name)), []byte(text))
	}
	return dir
}

func writeFile(tb testing.TB, path string, content []byte) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		tb.Fatal(err)
	}
}

// smallDirectory writes the small checkpoint in the hub's layout.
func smallDirectory(tb testing.TB) string {
	tb.Helper()
	dir := writeFiles(tb, smallFiles)
	for module, tensors := range smallTensors() {
		writeFile(tb, filepath.Join(dir, module, "model.safetensors"), build(tb, map[string]string{"format": "pt"}, tensors...))
	}
	return dir
}

// smallShardedDirectory has the backbone of the small checkpoint in two shards.
func smallShardedDirectory(tb testing.TB) string {
	tb.Helper()
	dir := smallDirectory(tb)
	if err := os.Remove(filepath.Join(dir, "model.safetensors")); err != nil {
		tb.Fatal(err)
	}
	const first, second = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
	backbone := smallTensors()[""]
	places := map[string]string{}
	for i, t := range backbone {
		places[t.Name] = first
		if i >= 2 {
			places[t.Name] = second
		}
	}
	index, err := json.Marshal(map[string]any{"metadata": map[string]any{"total_size": 1}, "weight_map": places})
	if err != nil {
		tb.Fatal(err)
	}
	writeFile(tb, filepath.Join(dir, first), build(tb, nil, backbone[:2]...))
	writeFile(tb, filepath.Join(dir, second), build(tb, nil, backbone[2:]...))
	writeFile(tb, filepath.Join(dir, "model.safetensors.index.json"), index)
	return dir
}

// smallPacked is the small checkpoint in one file, built without Pack.
func smallPacked(tb testing.TB) []byte {
	tb.Helper()
	metadata := map[string]string{"toller.format": "1"}
	for name, text := range smallFiles {
		metadata[name] = text
	}
	var all []Tensor
	for _, module := range []string{"", "1_Dense"} {
		for _, t := range smallTensors()[module] {
			if module != "" {
				t.Name = module + "/" + t.Name
			}
			all = append(all, t)
		}
	}
	return build(tb, metadata, all...)
}

// open opens a checkpoint that must be good, and closes it after the test.
func open(tb testing.TB, path string) *Checkpoint {
	tb.Helper()
	c, err := Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := c.Close(); err != nil {
			tb.Error(err)
		}
	})
	return c
}

// wantError fails unless err has every one of the parts in its text.
func wantError(tb testing.TB, err error, parts ...string) {
	tb.Helper()
	if err == nil {
		tb.Fatalf("no error, expected one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			tb.Errorf("error %q lacks %q", err, part)
		}
	}
}
