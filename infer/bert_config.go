package infer

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/toller-search/toller/infer/simd"
)

// BERT is what a BERT encoder has beyond the common shape.
type BERT struct {
	Activation string // hidden_act: "gelu", "relu", ...
	TokenTypes int    // rows of the table of token types, of which the first is used
}

// bertFile is BERT's config.json. Keys that don't change the arithmetic
// (dropout, initialisation, pooler and classifier settings) are left out.
type bertFile struct {
	sizesFile
	Positions  *int     `json:"max_position_embeddings"`
	TokenTypes *int     `json:"type_vocab_size"`
	NormEps    *float64 `json:"layer_norm_eps"`
	Activation *string  `json:"hidden_act"`

	// What other architectures that call themselves BERT differ by.
	PositionType   *string                    `json:"position_embedding_type"`
	ALiBi          json.RawMessage            `json:"alibi_starting_size"`
	FeedForward    *string                    `json:"feed_forward_type"`
	Decoder        *bool                      `json:"is_decoder"`
	CrossAttention *bool                      `json:"add_cross_attention"`
	AutoMap        map[string]json.RawMessage `json:"auto_map"`
}

// Of a BERT's tables beside that of tokens.
const (
	maxPositions  = 1 << 20
	maxTokenTypes = 1 << 10
)

// bertActivations are the activations of feed-forward blocks by the names that
// transformers has for them, in place.
var bertActivations = map[string]func([]float32){
	"gelu":              simd.BlockGELU,
	"gelu_python":       simd.BlockGELU,
	"gelu_new":          simd.TanhGELU,
	"gelu_fast":         simd.TanhGELU,
	"gelu_pytorch_tanh": simd.TanhGELU,
	"relu":              simd.ReLU,
	"silu":              simd.SiLU,
	"swish":             simd.SiLU,
	"sigmoid":           simd.Sigmoid,
	"tanh":              simd.Tanh,
}

// parseBERT reads a config.json. Absent keys other than sizes have the defaults
// of transformers' BertConfig.
func parseBERT(data []byte) (Config, error) {
	var f bertFile
	if err := json.Unmarshal(data, &f); err != nil {
		return Config{}, err
	}
	if err := f.checkArchitecture(); err != nil {
		return Config{}, err
	}
	own := &BERT{Activation: "gelu", TokenTypes: 2}
	c := Config{BERT: own, Positions: 512}
	if err := f.sizes(&c, 8); err != nil {
		return Config{}, err
	}
	for _, size := range []struct {
		key  string
		from *int
		to   *int
		most int
	}{
		{"max_position_embeddings", f.Positions, &c.Positions, maxPositions},
		{"type_vocab_size", f.TokenTypes, &own.TokenTypes, maxTokenTypes},
	} {
		if size.from == nil {
			continue
		}
		if err := checkSize(size.key, size.from, size.most); err != nil {
			return Config{}, err
		}
		*size.to = *size.from
	}
	var err error
	if c.NormEps, err = parseEps("layer_norm_eps", f.NormEps, 1e-12); err != nil {
		return Config{}, err
	}
	if f.Activation != nil {
		if bertActivations[*f.Activation] == nil {
			known := slices.Sorted(maps.Keys(bertActivations))
			return Config{}, fmt.Errorf("hidden_act: expected one of %s, found %q", strings.Join(known, ", "), *f.Activation)
		}
		own.Activation = *f.Activation
	}
	return c, nil
}

// checkArchitecture refuses what calls itself BERT and computes something else.
func (f *bertFile) checkArchitecture() error {
	// One whose model code lies beside its weights: that code isn't run. Named
	// first, it explains what else such a file has.
	for _, key := range slices.Sorted(maps.Keys(f.AutoMap)) {
		if key == "AutoConfig" || strings.HasPrefix(key, "AutoModel") {
			return fmt.Errorf("auto_map.%s: expected none, since model code of a checkpoint's own isn't run, found %.100s", key, f.AutoMap[key])
		}
	}
	if f.PositionType != nil && *f.PositionType != "absolute" {
		return fmt.Errorf("position_embedding_type: expected \"absolute\", found %q", *f.PositionType)
	}
	if f.ALiBi != nil && !isNull(f.ALiBi) {
		return fmt.Errorf("alibi_starting_size: expected none, found %.100s", f.ALiBi)
	}
	if f.FeedForward != nil {
		return fmt.Errorf("feed_forward_type: expected none, found %q", *f.FeedForward)
	}
	for _, flag := range []struct {
		key string
		on  *bool
	}{{"is_decoder", f.Decoder}, {"add_cross_attention", f.CrossAttention}} {
		if flag.on != nil && *flag.on {
			return fmt.Errorf("%s: expected false, found true", flag.key)
		}
	}
	return nil
}
