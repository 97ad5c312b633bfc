package edge

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/x448/float16"

	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/weights"
)

// tiny is a complete checkpoint that opens in about a millisecond: two layers
// of width 32, a vocabulary of single bytes and a few words, random weights.
// Its files lie in memory, by name, to be broken one at a time.
type tiny map[string][]byte

const (
	tinyHidden       = 32
	tinyIntermediate = 48
	tinyDim          = 8
)

func newTiny(tb testing.TB) tiny {
	tb.Helper()
	tokenizer, vocab := tinyTokenizer(tb)
	rng := rand.New(rand.NewPCG(1, 2))
	backbone := map[string][]int{
		"embeddings.tok_embeddings.weight": {vocab, tinyHidden},
		"embeddings.norm.weight":           {tinyHidden},
		"final_norm.weight":                {tinyHidden},
		"layers.1.attn_norm.weight":        {tinyHidden},
	}
	for _, layer := range []string{"layers.0.", "layers.1."} {
		backbone[layer+"attn.Wqkv.weight"] = []int{3 * tinyHidden, tinyHidden}
		backbone[layer+"attn.Wo.weight"] = []int{tinyHidden, tinyHidden}
		backbone[layer+"mlp_norm.weight"] = []int{tinyHidden}
		backbone[layer+"mlp.Wi.weight"] = []int{2 * tinyIntermediate, tinyHidden}
		backbone[layer+"mlp.Wo.weight"] = []int{tinyHidden, tinyIntermediate}
	}
	return tiny{
		"config.json": encodeJSON(tb, map[string]any{
			"model_type": "modernbert", "hidden_size": tinyHidden, "intermediate_size": tinyIntermediate,
			"num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": vocab, "local_attention": 8,
		}),
		"modules.json": encodeJSON(tb, []map[string]any{
			{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
			{"idx": 1, "name": "1", "path": "1_Dense", "type": "pylate.models.Dense.Dense"},
			{"idx": 2, "name": "2", "path": "2_Dense", "type": "pylate.models.Dense.Dense"},
		}),
		"config_sentence_transformers.json": encodeJSON(tb, map[string]any{
			"prompts": map[string]string{}, "query_length": 16, "document_length": 64, "do_query_expansion": false,
		}),
		"sentence_bert_config.json": encodeJSON(tb, map[string]any{"do_lower_case": true}),
		"tokenizer.json":            tokenizer,
		"model.safetensors":         safetensors(tb, rng, backbone),
		"1_Dense/config.json": encodeJSON(tb, map[string]any{
			"in_features": tinyHidden, "out_features": 16, "bias": true,
			"activation_function": "torch.nn.modules.activation.GELU", "use_residual": false,
		}),
		"1_Dense/model.safetensors": safetensors(tb, rng, map[string][]int{"linear.weight": {16, tinyHidden}, "linear.bias": {16}}),
		"2_Dense/config.json": encodeJSON(tb, map[string]any{
			"in_features": 16, "out_features": tinyDim, "bias": false,
			"activation_function": "torch.nn.modules.linear.Identity", "use_residual": false,
		}),
		"2_Dense/model.safetensors": safetensors(tb, rng, map[string][]int{"linear.weight": {tinyDim, 16}}),
	}
}

// tinyTokenizer returns a byte-level BPE and the number of its ids.
func tinyTokenizer(tb testing.TB) ([]byte, int) {
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
		add(string(byteLetter(byte(b))))
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
	return encodeJSON(tb, map[string]any{
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

// byteLetter is GPT-2's letter for a byte in vocabularies.
func byteLetter(b byte) rune {
	shifted := rune(256)
	for c := range rune(256) {
		printable := c >= '!' && c <= '~' || c >= 0xA1 && c <= 0xAC || c >= 0xAE
		switch {
		case c == rune(b) && printable:
			return c
		case c == rune(b):
			return shifted
		case !printable:
			shifted++
		}
	}
	panic("unreachable")
}

// safetensors returns a file of random F16 tensors of these shapes. Vectors,
// which are the weights of norms and biases, lie around 1.
func safetensors(tb testing.TB, rng *rand.Rand, shapes map[string][]int) []byte {
	tb.Helper()
	var data []byte
	header := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		n, first := 1, len(data)
		for _, size := range shapes[name] {
			n *= size
		}
		for range n {
			x := rng.NormFloat64() / 3
			if len(shapes[name]) == 1 {
				x = 1 + x/4
			}
			data = binary.LittleEndian.AppendUint16(data, float16.Fromfloat32(float32(x)).Bits())
		}
		header[name] = map[string]any{"dtype": "F16", "shape": shapes[name], "data_offsets": []int{first, len(data)}}
	}
	text := encodeJSON(tb, header)
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	return append(append(file, text...), data...)
}

func encodeJSON(tb testing.TB, v any) []byte {
	tb.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// set replaces a key of a JSON file; nil deletes it.
func (t tiny) set(tb testing.TB, file, key string, value any) {
	tb.Helper()
	var object map[string]any
	if err := json.Unmarshal(t[file], &object); err != nil {
		tb.Fatal(err)
	}
	if object[key] = value; value == nil {
		delete(object, key)
	}
	t[file] = encodeJSON(tb, object)
}

// write lays the checkpoint out in a directory.
func (t tiny) write(tb testing.TB, dir string) {
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

// dir writes the checkpoint to a temporary directory named tiny.
func (t tiny) dir(tb testing.TB) string {
	tb.Helper()
	dir := filepath.Join(tb.TempDir(), "tiny")
	t.write(tb, dir)
	return dir
}

// pack returns the checkpoint in its one-file form.
func (t tiny) pack(tb testing.TB) []byte {
	tb.Helper()
	c, err := weights.Open(t.dir(tb))
	if err != nil {
		tb.Fatal(err)
	}
	defer c.Close()
	var packed bytes.Buffer
	if err := weights.Pack(&packed, c, simd.F16); err != nil {
		tb.Fatal(err)
	}
	return packed.Bytes()
}

// open opens the checkpoint until the test ends.
func (t tiny) open(tb testing.TB, opts ...Option) *Model {
	tb.Helper()
	m, err := Open(t.dir(tb), opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { m.Close() })
	return m
}

// openError returns the error that opening the checkpoint must give, with the
// directory's own path cut out.
func (t tiny) openError(tb testing.TB, opts ...Option) string {
	tb.Helper()
	dir := t.dir(tb)
	m, err := Open(dir, opts...)
	if err == nil {
		m.Close()
		tb.Fatal("expected an error, found none")
	}
	return strings.ReplaceAll(filepath.ToSlash(err.Error()), filepath.ToSlash(filepath.Dir(dir))+"/", "")
}
