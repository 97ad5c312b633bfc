package weights

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestListFiles(t *testing.T) {
	const index = `{"weight_map": {"a": "x-2.safetensors", "b": "x-1.safetensors", "c": "x-2.safetensors"}}`
	modules := `[{"path": ""}, {"path": "1_Dense"}, {"path": "2_Normalize"}]`
	for _, test := range []struct {
		name                           string
		files                          map[string]string
		configuration, absent, weights string
		says                           string
	}{
		{"modules", map[string]string{
			"config.json": "", "modules.json": modules, "tokenizer.json": "", "vocab.txt": "", "model.safetensors": "", "pytorch_model.bin": "",
			"1_Dense/config.json": "", "1_Dense/model.safetensors": "", "other.safetensors": "", "README.md": "",
		}, "1_Dense/config.json config.json modules.json tokenizer.json",
			"2_Normalize/config.json added_tokens.json artifact.metadata config_sentence_transformers.json sentence_bert_config.json special_tokens_map.json tokenizer_config.json",
			"1_Dense/model.safetensors model.safetensors", ""},
		{"folder", map[string]string{
			"modules.json": `[{"path": "0_T"}, {"path": "1_D"}]`, "0_T/config.json": "", "0_T/vocab.txt": "", "0_T/model.safetensors.index.json": index,
			"0_T/x-1.safetensors": "", "0_T/x-2.safetensors": "", "1_D/config.json": "", "1_D/model.safetensors": "",
		}, "0_T/config.json 0_T/model.safetensors.index.json 0_T/vocab.txt 1_D/config.json modules.json",
			"0_T/added_tokens.json 0_T/sentence_bert_config.json 0_T/special_tokens_map.json 0_T/tokenizer.json 0_T/tokenizer_config.json artifact.metadata config.json config_sentence_transformers.json",
			"0_T/x-1.safetensors 0_T/x-2.safetensors 1_D/model.safetensors", ""},
		{"nothing", nil, "", "", "", "it has no config.json"},
		{"no weights", map[string]string{"config.json": ""}, "", "", "", "no weights: it has neither model.safetensors nor model.safetensors.index.json"},
		{"pickled", map[string]string{"config.json": "", "pytorch_model.bin": ""}, "", "", "", "pytorch_model.bin can't be read"},
		{"pickled module", map[string]string{"config.json": "", "model.safetensors": "", "modules.json": modules, "1_Dense/pytorch_model.bin": ""}, "", "", "", "1_Dense/pytorch_model.bin can't be read"},
		{"no shard", map[string]string{"config.json": "", "model.safetensors.index.json": index, "x-1.safetensors": ""}, "", "", "", "x-2.safetensors, which model.safetensors.index.json names"},
		{"shard outside", map[string]string{"config.json": "", "model.safetensors.index.json": `{"weight_map": {"a": "../x"}}`}, "", "", "", "not a plain path"},
		{"module outside", map[string]string{"config.json": "", "modules.json": `[{"path": "/etc"}]`}, "", "", "", "not a plain path"},
		{"large modules.json", map[string]string{"config.json": "", "modules.json": strings.Repeat(" ", maxModulesFile+1)}, "", "", "", "more than the 65536 allowed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			found, err := ListFiles("name", slices.Collect(maps.Keys(test.files)), func(name string) ([]byte, error) { return []byte(test.files[name]), nil })
			if test.says != "" {
				if err == nil || !strings.Contains(err.Error(), test.says) || !strings.HasPrefix(err.Error(), "weights: name: ") {
					t.Fatalf("expected an error that says %q, found %v", test.says, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, list := range []struct {
				what, want string
				found      []string
			}{{"configuration", test.configuration, found.Configuration}, {"absent", test.absent, found.Absent}, {"weights", test.weights, found.Weights}} {
				if got := strings.Join(list.found, " "); got != list.want {
					t.Errorf("%s: expected %s, found %s", list.what, list.want, got)
				}
			}
		})
	}
}
