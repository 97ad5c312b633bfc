package edge

import (
	"maps"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/internal/tiny"
	"github.com/toller-search/toller/infer/weights"
)

// TestCheckFiles accepts every layout without its weights, and refuses what Open does.
func TestCheckFiles(t *testing.T) {
	for name, c := range map[string]tiny.Checkpoint{"pylate": tiny.New(t), "folder": tiny.BERT(t), "stanford": tiny.Stanford(t), "native": tiny.Native(t)} {
		without := maps.Clone(c)
		maps.DeleteFunc(without, func(name string, _ []byte) bool { return strings.HasSuffix(name, ".safetensors") })
		if err := CheckFiles(name, without); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, test := range []struct{ name, text, says string }{
		{"config.json", `{"model_type": "llama"}`, `config.json: model_type: expected "bert" or "modernbert", found "llama"`},
		{"config.json", "", "it has no config.json"},
		{"modules.json", "", "modules.json is missing"},
		{"modules.json", `[{"path": "", "type": "a.Transformer"}, {"path": "1", "type": "a.Pooling"}]`, `found "a.Pooling"`},
		{"tokenizer.json", "", "tokenizer.json"},
		{"tokenizer.json", "{", "tokenizer.json"},
	} {
		c := maps.Clone(tiny.New(t))
		c[test.name] = []byte(test.text)
		if test.text == "" {
			delete(c, test.name)
		}
		if err := CheckFiles("some/model", c); err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "some/model") {
			t.Errorf("%s %s: expected an error that says %q, found %v", test.name, test.text, test.says, err)
		}
	}
}

// TestListFiles opens checkpoints of all layouts with no more than the files that
// opening reads, and then is the same.
func TestListFiles(t *testing.T) {
	withMore := maps.Clone(tiny.BERT(t))
	withMore["README.md"], withMore["onnx/model.onnx"] = []byte("text"), []byte("weights")
	for name, c := range map[string]tiny.Checkpoint{"pylate": tiny.New(t), "folder": withMore, "stanford": tiny.Stanford(t), "native": tiny.Native(t)} {
		var there []string
		for file := range c {
			there = append(there, file)
		}
		files, err := weights.ListFiles(name, there, func(file string) ([]byte, error) { return c[file], nil })
		if err != nil {
			t.Fatal(err)
		}
		few := tiny.Checkpoint{}
		for _, file := range append(files.Configuration, files.Weights...) {
			few[file] = c[file]
		}
		for _, file := range []string{"README.md", "onnx/model.onnx"} {
			if _, ok := few[file]; ok {
				t.Errorf("%s: %s is listed", name, file)
			}
		}
		for _, file := range files.Absent {
			if _, ok := c[file]; ok {
				t.Errorf("%s: %s is said to be absent", name, file)
			}
		}
		want, found := open(t, c), open(t, few)
		if a, b := want.DocumentFingerprint(), found.DocumentFingerprint(); a != b {
			t.Errorf("%s: expected %v, found %v", name, a, b)
		}
		if a, b := strings.Join(want.Info().Warnings, "\n"), strings.Join(found.Info().Warnings, "\n"); a != b {
			t.Errorf("%s: expected warnings %q, found %q", name, a, b)
		}
	}
}

func TestWithName(t *testing.T) {
	if m := open(t, tiny.New(t), WithName("acme/tiny")); m.Info().Name != "acme/tiny" || m.Info().Path == "" {
		t.Errorf("found %q at %q", m.Info().Name, m.Info().Path)
	}
}
