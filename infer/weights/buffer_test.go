package weights

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/toller-search/toller/infer/simd"
)

// withBuffers puts arrays of integers in front of, and behind, the data of a
// safetensors file.
func withBuffers(tb testing.TB, file []byte) []byte {
	tb.Helper()
	size := int(binary.LittleEndian.Uint64(file))
	var header map[string]map[string]any
	if err := json.Unmarshal(file[8:8+size], &header); err != nil {
		tb.Fatal(err)
	}
	data := file[8+size:]
	for name, entry := range header {
		if name == metadataKey {
			continue
		}
		offsets := entry["data_offsets"].([]any)
		entry["data_offsets"] = []int{int(offsets[0].(float64)) + 24, int(offsets[1].(float64)) + 24}
	}
	end := 24 + len(data)
	header["position_ids"] = map[string]any{"dtype": "I64", "shape": []int{1, 3}, "data_offsets": []int{0, 24}}
	header["mask"] = map[string]any{"dtype": "BOOL", "shape": []int{5}, "data_offsets": []int{end, end + 5}}
	text, err := json.Marshal(header)
	if err != nil {
		tb.Fatal(err)
	}
	// All ones would be NaN if anything took them for weights.
	return safetensors(string(text), append(append(bytes.Repeat([]byte{0xFF}, 24), data...), 0xFF, 0xFF, 0xFF, 0xFF, 0xFF))
}

// TestBuffers: arrays of integers are listed, and that is all.
func TestBuffers(t *testing.T) {
	want := []Buffer{{"position_ids", "I64", []int{1, 3}}, {"mask", "BOOL", []int{5}}}

	plain := smallDirectory(t)
	dir := smallDirectory(t)
	for _, module := range []string{"", "1_Dense"} {
		file := filepath.Join(dir, module, "model.safetensors")
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, file, withBuffers(t, content))
	}
	c := open(t, dir)
	checkSmall(t, c)
	for _, module := range []string{"", "1_Dense"} {
		if got := c.Buffers(module); !reflect.DeepEqual(got, want) {
			t.Errorf("module %q: expected %v, found %v", module, want, got)
		}
	}
	if got := c.Buffers("2_Normalize"); got != nil {
		t.Errorf("expected no buffers, found %v", got)
	}

	// They aren't packed; a packed file that has them all the same opens.
	var with, without bytes.Buffer
	if err := Pack(&with, c, simd.F32); err != nil {
		t.Fatal(err)
	}
	if err := Pack(&without, open(t, plain), simd.F32); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(with.Bytes(), without.Bytes()) {
		t.Error("a checkpoint with buffers packs to other bytes")
	}
	packed, err := OpenBytes("packed", withBuffers(t, smallPacked(t)))
	if err != nil {
		t.Fatal(err)
	}
	checkSmall(t, packed)
	if got := packed.Buffers(""); !reflect.DeepEqual(got, want) {
		t.Errorf("packed: expected %v, found %v", want, got)
	}

	_, err = parseFile(safetensors(`{"a":{"dtype":"I32","shape":[2],"data_offsets":[0,4]}}`, make([]byte, 4)))
	wantError(t, err, `tensor "a": shape [2] of I32 takes 8 bytes, data_offsets [0 4] give it 4`)
}

// TestBuffersInShards: the index counts them like tensors.
func TestBuffersInShards(t *testing.T) {
	dir := smallShardedDirectory(t)
	shard := filepath.Join(dir, "model-00001-of-00002.safetensors")
	content, err := os.ReadFile(shard)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, shard, withBuffers(t, content))
	_, err = Open(dir)
	wantError(t, err, "has a tensor", "doesn't place there")

	index := filepath.Join(dir, "model.safetensors.index.json")
	text, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	places := `"weight_map":{"position_ids":"model-00001-of-00002.safetensors","mask":"model-00001-of-00002.safetensors",`
	writeFile(t, index, bytes.Replace(text, []byte(`"weight_map":{`), []byte(places), 1))
	c := open(t, dir)
	checkSmall(t, c)
	if got := len(c.Buffers("")); got != 2 {
		t.Errorf("expected 2 buffers, found %d", got)
	}
}

// TestBackboneInFolder: of a checkpoint whose modules.json says where the
// backbone is, nothing else counts, and nothing else is packed.
func TestBackboneInFolder(t *testing.T) {
	small := smallTensors()
	dir := writeFiles(t, map[string]string{
		"config.json":                     `{"another": true}`,
		"model.safetensors":               "no weights at all",
		"tokenizer.json":                  `{"another": true}`,
		"modules.json":                    `[{"path":"0_Transformer"},{"path":"1_Dense"}]`,
		"0_Transformer/config.json":       `{"hidden_size": 6}`,
		"0_Transformer/vocab.txt":         "[PAD]\n\"é\"\n",
		"1_Dense/config.json":             `{"in_features": 6}`,
		"1_Dense/model.safetensors":       string(build(t, nil, small["1_Dense"]...)),
		"0_Transformer/model.safetensors": string(build(t, nil, small[""]...)),
	})
	check := func(c *Checkpoint) {
		t.Helper()
		for module, from := range map[string]string{"0_Transformer": "", "1_Dense": "1_Dense"} {
			got, err := c.Tensors(module)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(small[from]) {
				t.Errorf("%s: expected %d tensors, found %d", module, len(small[from]), len(got))
			}
			for _, want := range small[from] {
				if !slices.Equal(got[want.Name].Float32s(), want.Float32s()) {
					t.Errorf("%s: %s differs", module, want.Name)
				}
			}
		}
		if _, err := c.Tensors(""); err == nil {
			t.Error("expected no module \"\", found one")
		}
		text, err := c.ReadFile("0_Transformer/vocab.txt")
		if err != nil || string(text) != "[PAD]\n\"é\"\n" {
			t.Errorf("vocab.txt: %q, %v", text, err)
		}
	}
	c := open(t, dir)
	check(c)
	var packed bytes.Buffer
	if err := Pack(&packed, c, simd.F32); err != nil {
		t.Fatal(err)
	}
	again, err := OpenBytes("packed", packed.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	check(again)
	if _, err := again.ReadFile("tokenizer.json"); err == nil {
		t.Error("another backbone's tokenizer was packed")
	}

	if err := os.Remove(filepath.Join(dir, "0_Transformer", "model.safetensors")); err != nil {
		t.Fatal(err)
	}
	_, err = Open(dir)
	wantError(t, err, "no weights: it has neither 0_Transformer/model.safetensors nor 0_Transformer/model.safetensors.index.json")
	if err := os.Remove(filepath.Join(dir, "0_Transformer", "config.json")); err != nil {
		t.Fatal(err)
	}
	_, err = Open(dir)
	wantError(t, err, "it has no 0_Transformer/config.json")
}
