// Package tiny makes small complete checkpoints with random weights, for tests.
package tiny

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/x448/float16"

	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/weights"
)

// A Checkpoint opens in about a millisecond: two layers of width 32, a
// vocabulary of single bytes and a few words. Its files lie in memory, by name,
// to be broken one at a time.
type Checkpoint map[string][]byte

// Hidden is the width of its token states, Intermediate that inside its
// feed-forward blocks, Dim that of its token vectors.
const (
	Hidden       = 32
	Intermediate = 48
	Dim          = 8
)

// New returns the checkpoint, always the same.
func New(tb testing.TB) Checkpoint {
	tb.Helper()
	tokenizer, vocab := tokenizerJSON(tb)
	rng := rand.New(rand.NewPCG(1, 2))
	backbone := map[string][]int{
		"embeddings.tok_embeddings.weight": {vocab, Hidden},
		"embeddings.norm.weight":           {Hidden},
		"final_norm.weight":                {Hidden},
		"layers.1.attn_norm.weight":        {Hidden},
	}
	for _, layer := range []string{"layers.0.", "layers.1."} {
		backbone[layer+"attn.Wqkv.weight"] = []int{3 * Hidden, Hidden}
		backbone[layer+"attn.Wo.weight"] = []int{Hidden, Hidden}
		backbone[layer+"mlp_norm.weight"] = []int{Hidden}
		backbone[layer+"mlp.Wi.weight"] = []int{2 * Intermediate, Hidden}
		backbone[layer+"mlp.Wo.weight"] = []int{Hidden, Intermediate}
	}
	return Checkpoint{
		"config.json": JSON(tb, map[string]any{
			"model_type": "modernbert", "hidden_size": Hidden, "intermediate_size": Intermediate,
			"num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": vocab, "local_attention": 8,
		}),
		"modules.json": JSON(tb, []map[string]any{
			{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
			{"idx": 1, "name": "1", "path": "1_Dense", "type": "pylate.models.Dense.Dense"},
			{"idx": 2, "name": "2", "path": "2_Dense", "type": "pylate.models.Dense.Dense"},
		}),
		"config_sentence_transformers.json": JSON(tb, map[string]any{
			"prompts": map[string]string{}, "query_length": 16, "document_length": 64, "do_query_expansion": false,
		}),
		"sentence_bert_config.json": JSON(tb, map[string]any{"do_lower_case": true}),
		"tokenizer.json":            tokenizer,
		"model.safetensors":         Safetensors(tb, rng, backbone),
		"1_Dense/config.json": JSON(tb, map[string]any{
			"in_features": Hidden, "out_features": 16, "bias": true,
			"activation_function": "torch.nn.modules.activation.GELU", "use_residual": false,
		}),
		"1_Dense/model.safetensors": Safetensors(tb, rng, map[string][]int{"linear.weight": {16, Hidden}, "linear.bias": {16}}),
		"2_Dense/config.json": JSON(tb, map[string]any{
			"in_features": 16, "out_features": Dim, "bias": false,
			"activation_function": "torch.nn.modules.linear.Identity", "use_residual": false,
		}),
		"2_Dense/model.safetensors": Safetensors(tb, rng, map[string][]int{"linear.weight": {Dim, 16}}),
	}
}

// tokenizerJSON returns a byte-level BPE and the number of its ids.
func tokenizerJSON(tb testing.TB) ([]byte, int) {
	tb.Helper()
	vocab := map[string]int{}
	add := func(token string) int {
		if id, ok := vocab[token]; ok {
			return id
		}
		id := len(vocab)
		vocab[token] = id
		return id
	}
	for b := range 256 {
		add(string(ByteLetter(byte(b))))
	}
	var merges []string
	for _, word := range []string{"Ġthe", "Ġcat", "Ġsat", "Ġon", "Ġmat", "cat", "Ġdog", "dog", "Ġof", "bread"} {
		left := ""
		for _, r := range word {
			if left != "" {
				if _, known := vocab[left+string(r)]; !known {
					merges = append(merges, left+" "+string(r))
				}
				add(left + string(r))
			}
			left += string(r)
		}
	}
	var added []map[string]any
	special := map[string]any{}
	words := len(vocab)
	for i, content := range []string{"[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", "[Q] ", "[D] "} {
		isSpecial := content[len(content)-1] == ']'
		added = append(added, map[string]any{
			"id": words + i, "content": content, "single_word": false, "lstrip": content == "[MASK]",
			"rstrip": false, "normalized": !isSpecial, "special": isSpecial,
		})
		special[content] = map[string]any{"id": content, "ids": []int{words + i}, "tokens": []string{content}}
	}
	piece := func(kind, id string) map[string]any {
		return map[string]any{kind: map[string]any{"id": id, "type_id": 0}}
	}
	return JSON(tb, map[string]any{
		"version":       "1.0",
		"added_tokens":  added,
		"normalizer":    map[string]any{"type": "NFC"},
		"pre_tokenizer": map[string]any{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
		"post_processor": map[string]any{
			"type":           "TemplateProcessing",
			"single":         []any{piece("SpecialToken", "[CLS]"), piece("Sequence", "A"), piece("SpecialToken", "[SEP]")},
			"special_tokens": special,
		},
		"model": map[string]any{"type": "BPE", "vocab": vocab, "merges": merges},
	}), words + len(added)
}

// ByteLetter is GPT-2's letter for a byte in vocabularies: the byte's own if that can be
// printed, else the next of those from 256 on.
func ByteLetter(b byte) rune {
	if printable(rune(b)) {
		return rune(b)
	}
	letter := rune(256)
	for c := range rune(b) {
		if !printable(c) {
			letter++
		}
	}
	return letter
}

func printable(c rune) bool { return c >= '!' && c <= '~' || c >= 0xA1 && c <= 0xAC || c >= 0xAE }

// Safetensors returns a file of random F16 tensors of these shapes. Vectors,
// which are the weights of norms and biases, lie around 1.
func Safetensors(tb testing.TB, rng *rand.Rand, shapes map[string][]int) []byte {
	tb.Helper()
	tensors := map[string]weights.Tensor{}
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		n := 1
		for _, size := range shapes[name] {
			n *= size
		}
		var data []byte
		for range n {
			x := rng.NormFloat64() / 3
			if len(shapes[name]) == 1 {
				x = 1 + x/4
			}
			data = binary.LittleEndian.AppendUint16(data, float16.Fromfloat32(float32(x)).Bits())
		}
		tensors[name] = weights.Tensor{DType: simd.F16, Shape: shapes[name], Data: data}
	}
	var file bytes.Buffer
	if err := weights.Write(&file, tensors, simd.F16); err != nil {
		tb.Fatal(err)
	}
	return file.Bytes()
}

// JSON returns v as the files have it.
func JSON(tb testing.TB, v any) []byte {
	tb.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// Set replaces a key of a JSON file; nil deletes it.
func (t Checkpoint) Set(tb testing.TB, file, key string, value any) {
	tb.Helper()
	var object map[string]any
	if err := json.Unmarshal(t[file], &object); err != nil {
		tb.Fatal(err)
	}
	if object[key] = value; value == nil {
		delete(object, key)
	}
	t[file] = JSON(tb, object)
}

// Write lays the checkpoint out in a directory.
func (t Checkpoint) Write(tb testing.TB, dir string) {
	tb.Helper()
	for name, content := range t {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			tb.Fatal(err)
		}
	}
}

// Dir writes the checkpoint to a temporary directory named tiny.
func (t Checkpoint) Dir(tb testing.TB) string {
	tb.Helper()
	dir := filepath.Join(tb.TempDir(), "tiny")
	t.Write(tb, dir)
	return dir
}

// Pack returns the checkpoint in its one-file form.
func (t Checkpoint) Pack(tb testing.TB) []byte {
	tb.Helper()
	return Packed(tb, t.Dir(tb))
}

// Packed returns the checkpoint in dir in its one-file form.
func Packed(tb testing.TB, dir string) []byte {
	tb.Helper()
	c, err := weights.Open(dir)
	if err != nil {
		tb.Fatal(err)
	}
	defer c.Close()
	var file bytes.Buffer
	if err := weights.Pack(&file, c, simd.F16); err != nil {
		tb.Fatal(err)
	}
	return file.Bytes()
}

// Texts are short texts of every kind.
var Texts = []string{
	"the cat sat on the mat",
	"",
	"bread of the dog",
	" \t\n ",
	"... --- ...",
	"Straße, naïve café, 東京, 👩‍👩‍👧 and \xff\xfe broken bytes",
	"the the the the the the the the the the the the the the the the the the the the the the the the the the the the the the the the the the the the the the",
	"[SEP] [MASK] [Q] [D] <s>",
}
