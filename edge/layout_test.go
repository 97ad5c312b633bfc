package edge

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/toller-search/toller/edge/internal/tiny"
)

// layouts are small checkpoints of each.
var layouts = map[string]func(testing.TB) tiny.Checkpoint{"Stanford": tiny.Stanford, "PyLate": tiny.BERT, "native": tiny.Native}

// TestLayoutMutations opens ten thousand damaged copies of checkpoints in each
// layout: files with bits flipped and parts cut out, and JSON with keys removed or
// given other values. Each must open, or give an error that names the file, or one
// that contradicts it; and where the damage made no difference to what a file
// says, the model must be the same. None may take more memory than its size and
// 64 MB.
func TestLayoutMutations(t *testing.T) {
	count := 10000
	if testing.Short() {
		count = 600
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for _, layout := range slices.Sorted(maps.Keys(layouts)) {
		t.Run(layout, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, uint64(len(layout))))
			checkpoint := layouts[layout](t)
			dir := checkpoint.Dir(t)
			intact := open(t, checkpoint)
			files := slices.Sorted(maps.Keys(checkpoint))
			size := 0
			for _, content := range checkpoint {
				size += len(content)
			}
			opened, same := 0, 0
			for range count / len(layouts) {
				name := files[rng.IntN(len(files))]
				damaged := checkpoint[name]
				isJSON := json.Valid(damaged)
				if isJSON && rng.IntN(3) > 0 {
					damaged = mutateJSON(t, rng, damaged)
				} else {
					damaged = mutate(rng, damaged)
				}
				file := filepath.Join(dir, filepath.FromSlash(name))
				if err := os.WriteFile(file, damaged, 0o644); err != nil {
					t.Fatal(err)
				}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				m, err := Open(dir)
				runtime.ReadMemStats(&after)
				if used := after.TotalAlloc - before.TotalAlloc; used > uint64(size)+64<<20 {
					t.Errorf("%s: opening took %d bytes for a checkpoint of %d:\n%.300q", name, used, size, damaged)
				}
				switch {
				case err != nil:
					if !namesFault(filepath.ToSlash(err.Error()), name) {
						t.Errorf("%s is damaged, and the error doesn't say so: %v\n%.300q", name, err, damaged)
					}
				default:
					opened++
					encodeSomething(t, m)
					if isJSON && sameJSON(checkpoint[name], damaged) {
						same++
						sameModel(t, name, intact, m)
					}
					m.Close()
				}
				if err := os.WriteFile(file, checkpoint[name], 0o644); err != nil {
					t.Fatal(err)
				}
			}
			t.Logf("%d of %d opened, %d of them saying the same", opened, count/len(layouts), same)
			if opened == 0 || opened == count/len(layouts) {
				t.Error("all or nothing was refused")
			}
		})
	}
}

// namesFault reports whether an error is about the damaged file, or about one
// that it no longer agrees with.
func namesFault(message, name string) bool {
	about := []string{name}
	switch path.Base(name) {
	case configFile: // of a module: sizes that aren't the tensors'
		about = append(about, "tensor", path.Dir(name), tokenizerFile, modulesFile, "max_position_embeddings", "positions")
	case modulesFile:
		about = append(about, "config.json", weightsFile, tokenizerFile, "weights")
	case weightsFile:
		about = append(about, "tensor", path.Join(path.Dir(name), configFile))
	case metadataFile, colbertFile, casingFile:
		about = append(about, "query_", "document_", "query expansion")
	case tokenizerConfigFile:
		about = append(about, tokenizerFile, "query_length", "document_length", "query expansion")
	case tokenizerFile:
		about = append(about, "_prefix", "query expansion")
	}
	return slices.ContainsFunc(about, func(part string) bool { return strings.Contains(message, part) })
}

func sameJSON(a, b []byte) bool {
	var left, right any
	return json.Unmarshal(a, &left) == nil && json.Unmarshal(b, &right) == nil && reflect.DeepEqual(left, right)
}

// mutateJSON removes a key or gives it another value, anywhere in a JSON text.
func mutateJSON(tb testing.TB, rng *rand.Rand, text []byte) []byte {
	tb.Helper()
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		tb.Fatal(err)
	}
	others := []any{nil, true, false, 0, 1, -1, 1.5, 1e30, int64(1 << 40), "", "x", "[MASK]", []any{}, []any{"x", 1}, map[string]any{}, map[string]any{"x": 1}}
	other := others[rng.IntN(len(others))]
	at := value
	for {
		switch v := at.(type) {
		case map[string]any:
			if len(v) == 0 {
				return tiny.JSON(tb, value)
			}
			keys := slices.Sorted(maps.Keys(v))
			key := keys[rng.IntN(len(keys))]
			if child := v[key]; rng.IntN(2) == 0 && isContainer(child) {
				at = child
				continue
			}
			switch rng.IntN(4) {
			case 0:
				delete(v, key)
			case 1:
				v[key+"x"] = v[key]
				delete(v, key)
			case 2:
				v["another"] = other
			default:
				v[key] = other
			}
		case []any:
			if len(v) == 0 {
				return tiny.JSON(tb, value)
			}
			i := rng.IntN(len(v))
			if child := v[i]; rng.IntN(4) > 0 && isContainer(child) {
				at = child
				continue
			}
			v[i] = other
		}
		return tiny.JSON(tb, value)
	}
}

func isContainer(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

// TestLayoutRefuses opens checkpoints with one fault each. The message names the
// file, the field, and what was expected or found there.
func TestLayoutRefuses(t *testing.T) {
	const sbert, mask, norm, pool = casingFile, "2_MultiVectorMask/config.json", "3_Normalize/config.json", "4_HierarchicalTokenPooling/config.json"
	set := func(file, key string, value any) func(tiny.Checkpoint) {
		return func(c tiny.Checkpoint) { c.Set(t, file, key, value) }
	}
	expansion := func(e map[string]any) func(tiny.Checkpoint) { return set(sbert, "query_expansion", e) }
	classes := func(types ...string) func(tiny.Checkpoint) {
		return func(c tiny.Checkpoint) {
			list := []map[string]any{{"path": "", "type": "sentence_transformers.base.modules.transformer.Transformer"}}
			for i, class := range types {
				list = append(list, map[string]any{"path": []string{"1_Dense", "2_MultiVectorMask", "3_Normalize", "4_HierarchicalTokenPooling"}[i], "type": class})
			}
			c[modulesFile] = tiny.JSON(t, list)
		}
	}
	for _, test := range []struct {
		name, layout string
		damage       func(tiny.Checkpoint)
		opts         []Option
		want         []string
	}{
		{"l2", "Stanford", set(metadataFile, "similarity", "l2"), nil, []string{`tiny/artifact.metadata: similarity: expected "cosine", found "l2"`}},
		{"flipr", "Stanford", set(metadataFile, "interaction", "flipr"), nil, []string{`tiny/artifact.metadata: interaction: expected "colbert", found "flipr"`}},
		{"l2, the other library", "Stanford", set(metadataFile, "similarity", "l2"), []Option{WithReference(SentenceTransformers)}, []string{`similarity: expected "cosine", found "l2"`}},
		{"length that is no number", "Stanford", set(metadataFile, "query_maxlen", "32"), nil, []string{"tiny/artifact.metadata", "query_maxlen"}},
		{"marker that is no token", "Stanford", set(metadataFile, "query_token_id", "[nothing]"), nil, []string{`query_prefix: expected a token of tokenizer.json`, `"[nothing]"`}},
		{"another class", "Stanford", set(configFile, "architectures", []string{"BertModel"}), nil, []string{"tiny/modules.json is missing", "tiny/config.json", "HF_ColBERT"}},
		{"no projection", "Stanford", func(c tiny.Checkpoint) {
			shapes := tensorShapes(t, c[weightsFile])
			delete(shapes, inlineName)
			c[weightsFile] = tiny.Safetensors(t, rand.New(rand.NewPCG(1, 1)), shapes)
		}, nil, []string{"tiny/model.safetensors: tensor linear.weight", "found no such tensor"}},
		{"projection of another width", "Stanford", func(c tiny.Checkpoint) {
			shapes := tensorShapes(t, c[weightsFile])
			shapes[inlineName] = []int{tiny.Dim, 31}
			c[weightsFile] = tiny.Safetensors(t, rand.New(rand.NewPCG(1, 1)), shapes)
		}, nil, []string{"tiny/model.safetensors: tensor linear.weight: expected shape [8 32]", "found [8 31]"}},
		{"projection that is no matrix", "Stanford", func(c tiny.Checkpoint) {
			shapes := tensorShapes(t, c[weightsFile])
			shapes[inlineName] = []int{32}
			c[weightsFile] = tiny.Safetensors(t, rand.New(rand.NewPCG(1, 1)), shapes)
		}, nil, []string{"tiny/model.safetensors: tensor linear.weight: expected a matrix, found shape [32]"}},
		{"ALiBi", "Stanford", set(configFile, "position_embedding_type", "alibi"), nil, []string{"tiny/config.json: position_embedding_type", `found "alibi"`}},
		{"GeGLU", "PyLate", set("0_Transformer/config.json", "feed_forward_type", "geglu"), nil, []string{"tiny/0_Transformer/config.json: feed_forward_type", `found "geglu"`}},
		{"bert_hash", "Stanford", set(configFile, "model_type", "bert_hash"), nil, []string{"tiny/config.json: model_type", `found "bert_hash"`}},
		{"BPE as BERT's tokenizer", "Stanford", func(c tiny.Checkpoint) { c[tokenizerFile] = tiny.New(t)[tokenizerFile] }, nil,
			[]string{`tiny/tokenizer.json: model.type: expected "WordPiece"`, `found "BPE"`}},
		{"special token that isn't one", "PyLate", set("0_Transformer/tokenizer_config.json", "mask_token", 7), nil, []string{"tiny/0_Transformer/tokenizer_config.json", "found 7"}},
		{"special token beyond the embeddings", "PyLate", set("0_Transformer/tokenizer_config.json", "mask_token", "[NEW]"), nil, []string{"tiny/0_Transformer/tokenizer.json: expected ids below"}},
		{"tensor missing in the folder", "PyLate", set("0_Transformer/config.json", "num_hidden_layers", 3), nil, []string{"tiny/0_Transformer", "missing", "encoder.layer.2."}},

		{"other task", "native", set(sbert, "transformer_task", "fill-mask"), nil, []string{`tiny/sentence_bert_config.json: transformer_task: expected "feature-extraction", found "fill-mask"`}},
		{"other output", "native", set(sbert, "module_output_name", "sentence_embedding"), nil, []string{"module_output_name", `"sentence_embedding"`}},
		{"chat", "native", set(sbert, "modality_config", map[string]any{"message": map[string]any{}}), nil, []string{"modality_config", "messages"}},
		{"other state", "native", set(sbert, "modality_config", map[string]any{"text": map[string]any{"method": "forward", "method_output_name": "pooler_output"}}), nil, []string{"modality_config.text.method_output_name", `"pooler_output"`}},
		{"options for texts", "native", set(sbert, "processing_kwargs", map[string]any{"text": map[string]any{}}), nil, []string{"processing_kwargs: expected none", "text"}},
		{"unknown setting", "native", set(sbert, "chunks", 2), nil, []string{"tiny/sentence_bert_config.json", "chunks"}},
		{"unknown strategy", "native", expansion(map[string]any{"strategy": "max", "length": 8}), nil, []string{"query_expansion.strategy", `found "max"`}},
		{"expansion without a length", "native", expansion(map[string]any{"strategy": "min"}), nil, []string{"query_expansion.length", "found 0"}},
		{"expansion beyond the query", "native", expansion(map[string]any{"strategy": "fixed", "length": 30}), nil, []string{"query_length: expected at least the 30", "found 24"}},
		{"expansion with another key", "native", expansion(map[string]any{"strategy": "fixed", "length": 8, "width": 1}), nil, []string{"tiny/sentence_bert_config.json", "width"}},
		{"expansion by no token", "native", expansion(map[string]any{"strategy": "fixed", "length": 8, "token": "[X]"}), nil, []string{"query expansion needs the token [X]"}},
		{"image tokens", "native", set(mask, "keep_only_token_ids", []int{1}), nil, []string{"tiny/" + mask, "keep_only_token_ids"}},
		{"unknown key of a mask", "native", set(mask, "skip", 1), nil, []string{"tiny/" + mask, "skip"}},
		{"normalised something else", "native", set(norm, "module_input_name", "sentence_embedding"), nil, []string{"tiny/" + norm, `module_input_name: expected "token_embeddings", found "sentence_embedding"`}},
		{"normalised to something else", "native", set(norm, "module_output_name", "x"), nil, []string{"tiny/" + norm, `module_output_name: expected "token_embeddings", found "x"`}},
		{"factor below 1", "native", set(pool, "pool_factor", 0.5), nil, []string{"tiny/" + pool, "pool_factor: expected 1 or more, found 0.5"}},
		{"negative protection", "native", set(pool, "num_protected_tokens", -1), nil, []string{"tiny/" + pool, "num_protected_tokens", "found -1"}},
		{"unknown key of pooling", "native", set(pool, "linkage", "ward"), nil, []string{"tiny/" + pool, "linkage"}},
		{"broken limit", "native", func(c tiny.Checkpoint) {
			c.Set(t, sbert, "document_length", nil)
			c.Set(t, tokenizerConfigFile, "model_max_length", "512")
		}, nil, []string{"tiny/tokenizer_config.json: model_max_length: expected a whole number"}},
		{"another pooling", "native", classes("sentence_transformers.base.modules.dense.Dense", "sentence_transformers.sentence_transformer.modules.pooling.Pooling"), nil, []string{"tiny/modules.json: module 2: type", "Pooling"}},
		{"two masks", "native", classes("x.Dense", "x.MultiVectorMask", "x.MultiVectorMask"), nil, []string{"tiny/modules.json: module 3: type"}},
		{"Dense at the end", "native", classes("x.Dense", "x.MultiVectorMask", "x.Dense"), nil, []string{"tiny/modules.json: module 3: type", "x.Dense"}},
		{"no Dense", "native", classes(), nil, []string{"tiny/modules.json", "no Dense"}},
		{"read by PyLate", "native", func(tiny.Checkpoint) {}, []Option{WithReference(PyLate)}, []string{"reference", "PyLate can't read"}},
		{"read by nobody", "Stanford", func(tiny.Checkpoint) {}, []Option{WithReference("HF")}, []string{"reference", `found "HF"`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := layouts[test.layout](t)
			test.damage(c)
			message := openError(t, c, test.opts...)
			for _, part := range test.want {
				if !strings.Contains(message, part) {
					t.Errorf("expected a message with %q, found %q", part, message)
				}
			}
		})
	}
}

// TestBERTTokenizerConfig: for BERT, tokenizer_config.json counts, and where
// tokenizer.json says something else there is a warning; unless the tokenizer's
// class is another.
func TestBERTTokenizerConfig(t *testing.T) {
	upper := func(c tiny.Checkpoint, key string, value any) string {
		c.Set(t, tokenizerConfigFile, key, value)
		m := open(t, c)
		text := "THE cat"
		got := strings.Join(names(&encodeOne(t, m, text).vectors, text), "|")
		return got + " " + strings.Join(m.Info().Warnings, " ")
	}
	const warning = "tokenizer.json has another normalizer than tokenizer_config.json"
	for _, test := range []struct {
		key   string
		value any
		want  string
		warns bool
	}{
		{"do_lower_case", true, "[CLS]|[unused1]|THE|cat|[SEP]", false},
		{"do_lower_case", nil, "[CLS]|[unused1]|THE|cat|[SEP]", false},
		{"do_lower_case", false, "[CLS]|[unused1]|cat|[SEP]", true}, // THE is unknown, and with it skipped
		{"tokenize_chinese_chars", false, "[CLS]|[unused1]|THE|cat|[SEP]", true},
		{"cls_token", "[unused0]", "[unused0]|[unused1]|THE|cat|[SEP]", false},
	} {
		got := upper(tiny.Stanford(t), test.key, test.value)
		if !strings.HasPrefix(got, test.want+" ") || strings.Contains(got, warning) != test.warns {
			t.Errorf("%s %v: expected %q, a warning %t, found %q", test.key, test.value, test.want, test.warns, got)
		}
	}
	const unknown = 1
	first := func(m *Model) int32 { return m.documents.encode("THE", 1).IDs[0] }
	// Without the file, transformers' defaults count: letters are made small.
	c := tiny.Stanford(t)
	delete(c, tokenizerConfigFile)
	c[tokenizerFile] = []byte(strings.Replace(string(c[tokenizerFile]), `"lowercase":true`, `"lowercase":false`, 1))
	m := open(t, c)
	if first(m) == unknown || !m.Info().LowerCase {
		t.Error("expected \"the\", found the unknown token")
	}
	// Another class takes tokenizer.json at its word.
	c.Set(t, configFile, "tokenizer_class", "PreTrainedTokenizerFast")
	m = open(t, c)
	if first(m) != unknown || m.Info().LowerCase {
		t.Errorf("expected the unknown token, found %d", first(m))
	}
}

// TestNativeOptions puts the caller's values in the place of a native save's.
func TestNativeOptions(t *testing.T) {
	const text = " The cat, of the dog. "
	c := tiny.Native(t)
	// Pooling hides which tokens there are.
	c.Set(t, "4_HierarchicalTokenPooling/config.json", "pool_factor", 1)
	for _, test := range []struct {
		name            string
		opts            []Option
		query, document string
	}{
		{"as it is", nil, "[CLS]|[Q] |The|cat|,|of|the|dog|.|[SEP]|[MASK]|[MASK]", "[CLS]|[D] |The|cat|of|the|dog|[SEP]"},
		{"no expansion", []Option{WithExpansion(false)}, "[CLS]|[Q] |The|cat|,|of|the|dog|.|[SEP]", "[CLS]|[D] |The|cat|of|the|dog|[SEP]"},
		{"another token", []Option{WithExpansionToken("[unused0]")}, "[CLS]|[Q] |The|cat|,|of|the|dog|.|[SEP]|[unused0]|[unused0]", "[CLS]|[D] |The|cat|of|the|dog|[SEP]"},
		{"shorter", []Option{WithQueryLength(5), WithDocumentLength(6)}, "[CLS]|[Q] |The|cat|[SEP]|[MASK]|[MASK]|[MASK]|[MASK]|[MASK]|[MASK]|[MASK]", "[CLS]|[D] |The|cat|[SEP]"},
		{"prompts", []Option{WithQueryPrompt(""), WithDocumentPrompt("bread of ")}, "[CLS]|The|cat|,|of|the|dog|.|[SEP]|[MASK]|[MASK]|[MASK]", "[CLS]|prompt|prompt|The|cat|of|the|dog|[SEP]"},
		{"prefix", []Option{WithDocumentPrefix("mat ")}, "[CLS]|[Q] |The|cat|,|of|the|dog|.|[SEP]|[MASK]|[MASK]", "[CLS]|prompt|prompt|The|cat|of|the|dog|[SEP]"},
		{"skiplist", []Option{WithSkiplist([]string{"the", "of"})}, "[CLS]|[Q] |The|cat|,|of|the|dog|.|[SEP]|[MASK]|[MASK]", "[CLS]|[D] |cat|,|dog|.|[SEP]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := open(t, c, test.opts...)
			q, d := encodeQuery(t, m, text), encodeOne(t, m, text)
			if got := strings.Join(names(&q.vectors, text), "|"); got != test.query {
				t.Errorf("query: expected\n%s, found\n%s", test.query, got)
			}
			if got := strings.Join(names(&d.vectors, text), "|"); got != test.document {
				t.Errorf("document: expected\n%s, found\n%s", test.document, got)
			}
		})
	}
	raw := encodeQuery(t, open(t, c, WithNormalization(false)), text)
	unit := encodeQuery(t, open(t, c), text)
	if raw.Len() != unit.Len() || slices.Equal(raw.Vectors(), unit.Vectors()) {
		t.Error("WithNormalization(false) makes no difference")
	}
}

// TestNativePooling: documents come pooled, unless a call says otherwise.
func TestNativePooling(t *testing.T) {
	c := tiny.Native(t)
	m := open(t, c)
	text := strings.Repeat("the cat sat on the mat ", 10)
	plain := encodeOne(t, m, text, PoolFactor(1))
	if got, want := encodeOne(t, m, text).Len(), 1+(plain.Len()-1)*2/3; got != want {
		t.Errorf("expected %d vectors of %d, found %d", want, plain.Len(), got)
	}
	if got, want := encodeOne(t, m, text, PoolFactor(3)).Len(), 1+(plain.Len()-1)/3; got != want {
		t.Errorf("expected %d vectors of %d, found %d", want, plain.Len(), got)
	}
	if q := encodeQuery(t, m, text); q.ends != nil {
		t.Error("a query is pooled")
	}
	c.Set(t, "4_HierarchicalTokenPooling/config.json", "tasks", "query")
	m = open(t, c)
	if q, d := encodeQuery(t, m, text), encodeOne(t, m, text); q.ends == nil || d.ends != nil {
		t.Error("expected a pooled query and an unpooled document")
	}
	for factor, want := range map[float64]int{1.1: 9, 1.5: 7, 2: 5, 100: 1} { // Python's max(int(11 // factor), 1)
		if got := (pooling{factor: factor}).clusters(11); got != want {
			t.Errorf("11 // %v: expected %d, found %d", factor, want, got)
		}
	}
}
