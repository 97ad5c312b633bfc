package tiny

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
)

// Positions is how many positions the checkpoints with a BERT backbone have.
const Positions = 48

// words is the vocabulary of these checkpoints, after the special tokens.
var words = []string{"the", "cat", "sat", "on", "mat", "bread", "of", "dog", "##s", "##t", "un", "##able", ".", ",", "-", "[", "]", "q", "d"}

// bertTokenizer returns a tokenizer.json as BERT has it, with PyLate's markers if
// asked to, and the number of its ids.
func bertTokenizer(tb testing.TB, markers bool) ([]byte, int) {
	tb.Helper()
	vocab := map[string]int{}
	add := func(token string) {
		if _, known := vocab[token]; !known {
			vocab[token] = len(vocab)
		}
	}
	specials := []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
	for _, token := range append(append(specials, "[unused0]", "[unused1]"), words...) {
		add(token)
	}
	for c := 'a'; c <= 'z'; c++ {
		add(string(c))
		add("##" + string(c))
	}
	var added []map[string]any
	entry := func(id int, content string, special bool) {
		added = append(added, map[string]any{
			"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false, "normalized": !special, "special": special,
		})
	}
	for i, content := range specials {
		entry(i, content, true)
	}
	size := len(vocab)
	if markers {
		entry(size, "[Q] ", false)
		entry(size+1, "[D] ", false)
		size += 2
	}
	return JSON(tb, map[string]any{
		"version": "1.0", "added_tokens": added,
		"normalizer":     map[string]any{"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": nil, "lowercase": true},
		"pre_tokenizer":  map[string]any{"type": "BertPreTokenizer"},
		"post_processor": map[string]any{"type": "BertProcessing", "sep": []any{"[SEP]", 3}, "cls": []any{"[CLS]", 2}},
		"model":          map[string]any{"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": vocab},
	}), size
}

// bertShapes are the tensors of a BERT of two layers.
func bertShapes(prefix string, vocab int) map[string][]int {
	shapes := map[string][]int{
		"embeddings.word_embeddings.weight":       {vocab, Hidden},
		"embeddings.position_embeddings.weight":   {Positions, Hidden},
		"embeddings.token_type_embeddings.weight": {2, Hidden},
	}
	norms := []string{"embeddings"}
	for i := range 2 {
		layer := fmt.Sprintf("encoder.layer.%d.", i)
		for name, size := range map[string][]int{
			"attention.self.query": {Hidden, Hidden}, "attention.self.key": {Hidden, Hidden},
			"attention.self.value": {Hidden, Hidden}, "attention.output.dense": {Hidden, Hidden},
			"intermediate.dense": {Intermediate, Hidden}, "output.dense": {Hidden, Intermediate},
		} {
			shapes[layer+name+".weight"], shapes[layer+name+".bias"] = size, size[:1]
		}
		norms = append(norms, layer+"attention.output", layer+"output")
	}
	for _, name := range norms {
		shapes[name+".LayerNorm.weight"], shapes[name+".LayerNorm.bias"] = []int{Hidden}, []int{Hidden}
	}
	prefixed := map[string][]int{}
	for name, shape := range shapes {
		prefixed[prefix+name] = shape
	}
	return prefixed
}

func bertConfig(class string, vocab int) map[string]any {
	return map[string]any{
		"architectures": []string{class}, "model_type": "bert", "hidden_size": Hidden, "intermediate_size": Intermediate,
		"num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": vocab, "max_position_embeddings": Positions,
		"type_vocab_size": 2, "layer_norm_eps": 1e-12, "hidden_act": "gelu", "position_embedding_type": "absolute",
	}
}

func bertTokenizerConfig(tb testing.TB) []byte {
	tb.Helper()
	return JSON(tb, map[string]any{
		"tokenizer_class": "BertTokenizer", "do_lower_case": true, "strip_accents": nil, "tokenize_chinese_chars": true, "model_max_length": 40,
		"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]",
	})
}

// Stanford returns a checkpoint of Stanford's ColBERT.
func Stanford(tb testing.TB) Checkpoint {
	tb.Helper()
	tokenizer, vocab := bertTokenizer(tb, false)
	shapes := bertShapes("bert.", vocab)
	shapes["linear.weight"] = []int{Dim, Hidden}
	shapes["bert.pooler.dense.weight"], shapes["bert.pooler.dense.bias"] = []int{Hidden, Hidden}, []int{Hidden}
	return Checkpoint{
		"config.json": JSON(tb, bertConfig("HF_ColBERT", vocab)),
		"artifact.metadata": JSON(tb, map[string]any{
			"query_token_id": "[unused0]", "doc_token_id": "[unused1]", "query_maxlen": 16, "doc_maxlen": 40, "dim": Dim,
			"similarity": "cosine", "interaction": "colbert", "mask_punctuation": true, "attend_to_mask_tokens": false,
		}),
		"tokenizer.json":        tokenizer,
		"tokenizer_config.json": bertTokenizerConfig(tb),
		"model.safetensors":     Safetensors(tb, rand.New(rand.NewPCG(7, 8)), shapes),
	}
}

// BERT returns a checkpoint of PyLate's with a BERT in a folder.
func BERT(tb testing.TB) Checkpoint {
	tb.Helper()
	tokenizer, vocab := bertTokenizer(tb, true)
	c := Checkpoint{}
	maps.Copy(c, New(tb))
	for _, name := range []string{"config.json", "tokenizer.json", "model.safetensors", "sentence_bert_config.json"} {
		delete(c, name)
	}
	c["modules.json"] = JSON(tb, []map[string]any{
		{"idx": 0, "name": "0", "path": "0_Transformer", "type": "sentence_transformers.models.Transformer"},
		{"idx": 1, "name": "1", "path": "1_Dense", "type": "pylate.models.Dense.Dense"},
		{"idx": 2, "name": "2", "path": "2_Dense", "type": "pylate.models.Dense.Dense"},
	})
	c["0_Transformer/config.json"] = JSON(tb, bertConfig("BertModel", vocab))
	c["0_Transformer/tokenizer.json"] = tokenizer
	c["0_Transformer/tokenizer_config.json"] = bertTokenizerConfig(tb)
	c["0_Transformer/sentence_bert_config.json"] = JSON(tb, map[string]any{"max_seq_length": 39, "do_lower_case": false})
	c["0_Transformer/model.safetensors"] = Safetensors(tb, rand.New(rand.NewPCG(9, 10)), bertShapes("", vocab))
	return c
}

// Native returns a checkpoint that sentence-transformers 6 saved.
func Native(tb testing.TB) Checkpoint {
	tb.Helper()
	tokenizer, vocab := bertTokenizer(tb, true)
	const base, multi = "sentence_transformers.base.modules.", "sentence_transformers.multi_vector_encoder.modules."
	module := func(i int, folder, class string) map[string]any {
		return map[string]any{"idx": i, "name": fmt.Sprint(i), "path": folder, "type": class}
	}
	return Checkpoint{
		"config.json":           JSON(tb, bertConfig("BertModel", vocab)),
		"tokenizer.json":        tokenizer,
		"tokenizer_config.json": bertTokenizerConfig(tb),
		"model.safetensors":     Safetensors(tb, rand.New(rand.NewPCG(11, 12)), bertShapes("", vocab)),
		"modules.json": JSON(tb, []map[string]any{
			module(0, "", base+"transformer.Transformer"),
			module(1, "1_Dense", base+"dense.Dense"),
			module(2, "2_MultiVectorMask", multi+"multi_vector_mask.MultiVectorMask"),
			module(3, "3_Normalize", base+"normalize.Normalize"),
			module(4, "4_HierarchicalTokenPooling", multi+"token_pooling.HierarchicalTokenPooling"),
		}),
		"config_sentence_transformers.json": JSON(tb, map[string]any{
			"model_type": "MultiVectorEncoder", "prompts": map[string]string{"query": "[Q] ", "document": "[D] "}, "similarity_fn_name": "maxsim",
		}),
		"sentence_bert_config.json": JSON(tb, map[string]any{
			"transformer_task": "feature-extraction", "module_output_name": "token_embeddings",
			"modality_config": map[string]any{"text": map[string]string{"method": "forward", "method_output_name": "last_hidden_state"}},
			"query_length":    24, "document_length": 36,
			"query_expansion": map[string]any{"strategy": "min", "attend": false, "token": nil, "length": 12},
		}),
		"1_Dense/config.json": JSON(tb, map[string]any{
			"in_features": Hidden, "out_features": Dim, "bias": false, "activation_function": "torch.nn.modules.linear.Identity",
			"module_input_name": "token_embeddings", "module_output_name": "token_embeddings",
		}),
		"1_Dense/model.safetensors":     Safetensors(tb, rand.New(rand.NewPCG(13, 14)), map[string][]int{"linear.weight": {Dim, Hidden}}),
		"2_MultiVectorMask/config.json": JSON(tb, map[string]any{"skiplist_words": []string{".", ",", "no token"}, "skiplist_tasks": []string{"document"}, "keep_only_token_ids": nil}),
		"3_Normalize/config.json":       JSON(tb, map[string]any{"module_input_name": "token_embeddings", "module_output_name": "token_embeddings"}),
		"4_HierarchicalTokenPooling/config.json": JSON(tb, map[string]any{
			"pool_factor": 1.5, "num_protected_tokens": 1, "normalize_embeddings": true, "tasks": []string{"document"},
		}),
	}
}
