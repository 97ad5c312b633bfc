package edge

import (
	"encoding/json"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/internal/tiny"
)

// TestBrokenCheckpoint opens checkpoints with one fault each. The message must
// name the file, and what was expected or found there.
func TestBrokenCheckpoint(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, test := range []struct {
		name   string
		damage func(t *testing.T, c tiny.Checkpoint)
		want   []string // parts of the message
	}{
		{
			"no Dense folder",
			func(t *testing.T, c tiny.Checkpoint) {
				delete(c, "2_Dense/config.json")
				delete(c, "2_Dense/model.safetensors")
			},
			[]string{"tiny", "2_Dense/config.json", "no such file"},
		},
		{
			"no Dense weights",
			func(t *testing.T, c tiny.Checkpoint) { delete(c, "2_Dense/model.safetensors") },
			[]string{"tiny", "2_Dense/model.safetensors"},
		},
		{
			"no modules.json",
			func(t *testing.T, c tiny.Checkpoint) { delete(c, modulesFile) },
			[]string{"tiny/modules.json is missing"},
		},
		{
			"no Dense module",
			func(t *testing.T, c tiny.Checkpoint) {
				c[modulesFile] = []byte(`[{"path": "", "type": "sentence_transformers.models.Transformer"}]`)
			},
			[]string{"tiny/modules.json", "one or more Dense modules", "no Dense"},
		},
		{
			"no modules at all",
			func(t *testing.T, c tiny.Checkpoint) { c[modulesFile] = []byte(`[]`) },
			[]string{"tiny/modules.json", "found 0 modules"},
		},
		{
			"unknown module",
			func(t *testing.T, c tiny.Checkpoint) {
				c[modulesFile] = []byte(`[{"path": "", "type": "sentence_transformers.models.Transformer"},
					{"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]`)
			},
			[]string{"tiny/modules.json: module 1: type", `"sentence_transformers.models.Pooling"`},
		},
		{
			"module without a type",
			func(t *testing.T, c tiny.Checkpoint) { c[modulesFile] = []byte(`[{"path": ""}]`) },
			[]string{"tiny/modules.json: module 0: type", `found ""`},
		},
		{
			"Dense before the Transformer",
			func(t *testing.T, c tiny.Checkpoint) {
				c[modulesFile] = []byte(`[{"path": "1_Dense", "type": "pylate.models.Dense.Dense"}]`)
			},
			[]string{"tiny/modules.json: module 0: type", `"pylate.models.Dense.Dense"`},
		},
		{
			"Dense without a folder",
			func(t *testing.T, c tiny.Checkpoint) {
				c[modulesFile] = []byte(`[{"path": "", "type": "x.Transformer"}, {"path": "", "type": "x.Dense"}]`)
			},
			[]string{"tiny/modules.json: module 1: path"},
		},
		{
			"Transformer in a folder",
			func(t *testing.T, c tiny.Checkpoint) {
				c[modulesFile] = []byte(`[{"path": "1_Dense", "type": "x.Transformer"}]`)
			},
			[]string{"tiny/modules.json", "no Dense"},
		},
		{
			"modules.json is no JSON",
			func(t *testing.T, c tiny.Checkpoint) { c[modulesFile] = []byte(`[{`) },
			[]string{"modules.json", "unexpected end of JSON"},
		},
		{
			"head of another width",
			func(t *testing.T, c tiny.Checkpoint) {
				c.Set(t, "1_Dense/config.json", "in_features", 16)
				c["1_Dense/model.safetensors"] = tiny.Safetensors(t, rng, map[string][]int{"linear.weight": {16, 16}, "linear.bias": {16}})
			},
			[]string{"tiny/1_Dense/config.json: in_features", "expected 32", "found 16"},
		},
		{
			"chain that doesn't join",
			func(t *testing.T, c tiny.Checkpoint) {
				c.Set(t, "2_Dense/config.json", "in_features", 15)
				c["2_Dense/model.safetensors"] = tiny.Safetensors(t, rng, map[string][]int{"linear.weight": {tiny.Dim, 15}})
			},
			[]string{"tiny", "2_Dense", "15", "16"},
		},
		{
			"Dense weight of another shape",
			func(t *testing.T, c tiny.Checkpoint) {
				c["2_Dense/model.safetensors"] = tiny.Safetensors(t, rng, map[string][]int{"linear.weight": {16, tiny.Dim}})
			},
			[]string{"tiny", "2_Dense", "linear.weight", "[8 16]", "[16 8]"},
		},
		{
			"unknown activation",
			func(t *testing.T, c tiny.Checkpoint) {
				c.Set(t, "1_Dense/config.json", "activation_function", "my.Swoosh")
			},
			[]string{"tiny", "1_Dense/config.json", "activation_function", "Swoosh"},
		},
		{
			"backbone tensor missing",
			func(t *testing.T, c tiny.Checkpoint) { c.Set(t, "config.json", "num_hidden_layers", 3) },
			[]string{"tiny", "missing", "layers.2.attn.Wqkv.weight"},
		},
		{
			"unknown architecture",
			func(t *testing.T, c tiny.Checkpoint) { c.Set(t, "config.json", "model_type", "gpt2") },
			[]string{"tiny/config.json", "model_type", `"bert" or "modernbert"`, `"gpt2"`},
		},
		{
			"v5 config without the local angle",
			func(t *testing.T, c tiny.Checkpoint) {
				c.Set(t, "config.json", "layer_types", []string{"full_attention", "sliding_attention"})
				c.Set(t, "config.json", "rope_parameters", map[string]any{"full_attention": map[string]any{"rope_type": "default", "rope_theta": 160000.0}})
			},
			[]string{"tiny/config.json", "rope_parameters", "sliding_attention"},
		},
		{
			"unknown rope type",
			func(t *testing.T, c tiny.Checkpoint) {
				rope := map[string]any{"rope_type": "yarn", "rope_theta": 160000.0}
				c.Set(t, "config.json", "layer_types", []string{"full_attention", "sliding_attention"})
				c.Set(t, "config.json", "rope_parameters", map[string]any{"full_attention": rope, "sliding_attention": rope})
			},
			[]string{"tiny/config.json", "rope_type", "yarn"},
		},
		{
			"no tokenizer",
			func(t *testing.T, c tiny.Checkpoint) { delete(c, tokenizerFile) },
			[]string{"tiny", "tokenizer.json"},
		},
		{
			"tokenizer of a larger vocabulary",
			func(t *testing.T, c tiny.Checkpoint) {
				c.Set(t, "config.json", "vocab_size", 100)
				full := tensorShapes(t, c["model.safetensors"])
				full["embeddings.tok_embeddings.weight"] = []int{100, tiny.Hidden}
				c["model.safetensors"] = tiny.Safetensors(t, rng, full)
			},
			[]string{"tiny/tokenizer.json", "ids below 100"},
		},
		{
			"tokenizer without a template",
			func(t *testing.T, c tiny.Checkpoint) { c.Set(t, tokenizerFile, "post_processor", nil) },
			[]string{"tiny: tokenizer.json: post_processor", "[CLS]"},
		},
		{
			"prefix that is no token",
			func(t *testing.T, c tiny.Checkpoint) { c.Set(t, colbertFile, "document_prefix", "[Doc] ") },
			[]string{"tiny: document_prefix: expected a token of tokenizer.json", `"[Doc] "`},
		},
		{
			"no room for a query",
			func(t *testing.T, c tiny.Checkpoint) { c.Set(t, colbertFile, "query_length", 3) },
			[]string{"tiny", "query_length", "expected 4 to 8192", "found 3"},
		},
		{
			"negative length",
			func(t *testing.T, c tiny.Checkpoint) { c.Set(t, colbertFile, "document_length", -1) },
			[]string{"tiny", "document_length", "found -1"},
		},
		{
			"absurd length",
			func(t *testing.T, c tiny.Checkpoint) { c.Set(t, colbertFile, "query_length", 1<<30) },
			[]string{"tiny", "query_length", "found 1073741824"},
		},
		{
			"length that is no number",
			func(t *testing.T, c tiny.Checkpoint) { c.Set(t, colbertFile, "query_length", "48") },
			[]string{"tiny/" + colbertFile, "query_length", "string"},
		},
		{
			"skiplist of numbers",
			func(t *testing.T, c tiny.Checkpoint) { c.Set(t, colbertFile, "skiplist_words", []int{1}) },
			[]string{"tiny/" + colbertFile, "skiplist_words", "number"},
		},
		{
			"casing that is no flag",
			func(t *testing.T, c tiny.Checkpoint) { c.Set(t, casingFile, "do_lower_case", "yes") },
			[]string{"tiny/" + casingFile, "do_lower_case", "string"},
		},
		{
			"empty config",
			func(t *testing.T, c tiny.Checkpoint) { c[colbertFile] = nil },
			[]string{"tiny/" + colbertFile, "unexpected end of JSON"},
		},
		{
			"weights cut off",
			func(t *testing.T, c tiny.Checkpoint) {
				c["model.safetensors"] = c["model.safetensors"][:len(c["model.safetensors"])-1]
			},
			[]string{"tiny", "model.safetensors"},
		},
		{
			"weight not a number",
			func(t *testing.T, c tiny.Checkpoint) {
				file := c["1_Dense/model.safetensors"]
				file[len(file)-1], file[len(file)-2] = 0x7e, 0
			},
			[]string{"tiny", "1_Dense/model.safetensors", "linear.weight", "NaN"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := tiny.New(t)
			test.damage(t, c)
			message := openError(t, c)
			for _, part := range test.want {
				if !strings.Contains(message, part) {
					t.Errorf("expected a message with %q, found %q", part, message)
				}
			}
		})
	}
}

// tensorShapes reads the header of a safetensors file.
func tensorShapes(tb testing.TB, file []byte) map[string][]int {
	tb.Helper()
	var header map[string]struct{ Shape []int }
	length := int(file[0]) | int(file[1])<<8
	if err := json.Unmarshal(file[8:8+length], &header); err != nil {
		tb.Fatal(err)
	}
	shapes := map[string][]int{}
	for name, t := range header {
		shapes[name] = t.Shape
	}
	return shapes
}

func TestOpenNothing(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "nothing here")
	if _, err := Open(missing); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "nothing here") {
		t.Errorf("expected an error that wraps fs.ErrNotExist and names the path, found %v", err)
	}
	for name, content := range map[string]string{"empty": "", "text": "no model at all", "short": "\x10\x00\x00\x00"} {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(file); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: expected an error that names the file, found %v", name, err)
		}
		if _, err := OpenBytes(name, []byte(content)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: expected an error that names the bytes, found %v", name, err)
		}
	}
}

// TestBrokenOption checks that a broken option gets an error like a broken file.
func TestBrokenOption(t *testing.T) {
	c := tiny.New(t)
	for _, test := range []struct {
		option Option
		want   string
	}{
		{WithQueryPrefix("no token"), `found "no token"`},
		{WithQueryLength(0), "query_length"},
		{WithDocumentLength(1 << 30), "document_length"},
	} {
		if message := openError(t, c, test.option); !strings.Contains(message, test.want) {
			t.Errorf("expected a message with %q, found %q", test.want, message)
		}
	}
}
