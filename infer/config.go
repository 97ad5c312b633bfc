package infer

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Config is the shape of a ModernBERT encoder, as read from a checkpoint's
// config.json.
type Config struct {
	HiddenSize       int     // H
	IntermediateSize int     // I: width of the GeGLU; its weight Wi has 2·I rows
	Heads            int     // attention heads, H/Heads dimensions each
	VocabSize        int     // rows of the embedding matrix
	NormEps          float32 // ε of every LayerNorm

	// HalfWindow is how far a local layer looks to either side: position i
	// attends to j when |i−j| ≤ HalfWindow.
	HalfWindow int

	Layers []LayerConfig
}

// LayerConfig is what differs between layers.
type LayerConfig struct {
	Global    bool    // attends to the whole sequence, not to a window
	RopeTheta float64 // base of the rotary position embedding
}

// HeadDim is the number of dimensions of an attention head.
func (c Config) HeadDim() int { return c.HiddenSize / c.Heads }

// Bounds far above any model of this family. They keep a hostile config.json
// from asking for absurd sizes before the weights are there to contradict it.
const (
	maxWidth  = 1 << 16
	maxLayers = 1 << 10
	maxVocab  = 1 << 24
)

// configFile is config.json. Keys that don't change the arithmetic (dropout,
// initialisation, classifier settings) are left out.
type configFile struct {
	ModelType        *string  `json:"model_type"`
	HiddenSize       *int     `json:"hidden_size"`
	IntermediateSize *int     `json:"intermediate_size"`
	NumLayers        *int     `json:"num_hidden_layers"`
	NumHeads         *int     `json:"num_attention_heads"`
	VocabSize        *int     `json:"vocab_size"`
	NormEps          *float64 `json:"norm_eps"`
	HiddenActivation *string  `json:"hidden_activation"`
	NormBias         *bool    `json:"norm_bias"`
	AttentionBias    *bool    `json:"attention_bias"`
	MLPBias          *bool    `json:"mlp_bias"`
	LocalAttention   *int     `json:"local_attention"`

	// The legacy way to say which layers are global, and their angles.
	GlobalEvery     *int            `json:"global_attn_every_n_layers"`
	GlobalRopeTheta *float64        `json:"global_rope_theta"`
	LocalRopeTheta  json.RawMessage `json:"local_rope_theta"` // null means the global one
	RopeScaling     json.RawMessage `json:"rope_scaling"`

	// The way of transformers v5.
	LayerTypes     []string                   `json:"layer_types"`
	RopeParameters map[string]json.RawMessage `json:"rope_parameters"`
}

// The layer types of transformers v5.
const (
	fullAttention    = "full_attention"
	slidingAttention = "sliding_attention"
)

// ParseConfig reads a config.json in either of its two styles: legacy keys, or
// the layer_types and rope_parameters of transformers v5. What would change the
// arithmetic in a way this package doesn't know is refused. name is the file's
// name for error messages.
//
// Absent legacy keys have the defaults of transformers' ModernBertConfig. A
// v5-style file must name the angles of every layer type it uses: a default
// there would silently be the wrong one.
func ParseConfig(name string, data []byte) (Config, error) {
	var f configFile
	if err := json.Unmarshal(data, &f); err != nil {
		return Config{}, fmt.Errorf("infer: %s: %w", name, err)
	}
	c, err := f.config()
	if err != nil {
		return Config{}, fmt.Errorf("infer: %s: %w", name, err)
	}
	return c, nil
}

func (f *configFile) config() (Config, error) {
	if err := f.checkArchitecture(); err != nil {
		return Config{}, err
	}
	c := Config{HalfWindow: 64, NormEps: 1e-5}
	var layers int
	for _, size := range []struct {
		key  string
		from *int
		to   *int
		most int
	}{
		{"hidden_size", f.HiddenSize, &c.HiddenSize, maxWidth},
		{"intermediate_size", f.IntermediateSize, &c.IntermediateSize, maxWidth},
		{"num_attention_heads", f.NumHeads, &c.Heads, maxWidth},
		{"vocab_size", f.VocabSize, &c.VocabSize, maxVocab},
		{"num_hidden_layers", f.NumLayers, &layers, maxLayers},
	} {
		if size.from == nil {
			return Config{}, fmt.Errorf("%s: expected a number, found none", size.key)
		}
		if *size.from < 1 || *size.from > size.most {
			return Config{}, fmt.Errorf("%s: expected 1 to %d, found %d", size.key, size.most, *size.from)
		}
		*size.to = *size.from
	}
	// Panels of 16 columns hold the values of a head, pairs of dimensions are
	// rotated; 64 is what every published checkpoint has.
	if c.HiddenSize%c.Heads != 0 || c.HeadDim()%16 != 0 {
		return Config{}, fmt.Errorf("num_attention_heads: expected heads of a multiple of 16 dimensions, found %d heads for hidden_size %d", c.Heads, c.HiddenSize)
	}
	if f.NormEps != nil {
		if !(*f.NormEps > 0 && *f.NormEps < 1) {
			return Config{}, fmt.Errorf("norm_eps: expected a number between 0 and 1, found %v", *f.NormEps)
		}
		c.NormEps = float32(*f.NormEps)
	}
	if f.LocalAttention != nil {
		if *f.LocalAttention < 2 || *f.LocalAttention > 1<<20 {
			return Config{}, fmt.Errorf("local_attention: expected 2 to %d, found %d", 1<<20, *f.LocalAttention)
		}
		c.HalfWindow = *f.LocalAttention / 2
	}
	var err error
	c.Layers, err = f.layers(layers)
	return c, err
}

// checkArchitecture refuses what the forward pass doesn't compute.
func (f *configFile) checkArchitecture() error {
	if f.ModelType == nil || *f.ModelType != "modernbert" {
		return fmt.Errorf("model_type: expected \"modernbert\", found %s", orNone(f.ModelType))
	}
	if f.HiddenActivation != nil && *f.HiddenActivation != "gelu" {
		return fmt.Errorf("hidden_activation: expected \"gelu\", found %q", *f.HiddenActivation)
	}
	for _, bias := range []struct {
		key  string
		flag *bool
	}{{"norm_bias", f.NormBias}, {"attention_bias", f.AttentionBias}, {"mlp_bias", f.MLPBias}} {
		if bias.flag != nil && *bias.flag {
			return fmt.Errorf("%s: expected false, found true", bias.key)
		}
	}
	if f.RopeScaling != nil && !isNull(f.RopeScaling) {
		return fmt.Errorf("rope_scaling: expected none, found %.100s", f.RopeScaling)
	}
	return nil
}

func orNone(s *string) string {
	if s == nil {
		return "none"
	}
	return fmt.Sprintf("%q", *s)
}

// layers says which layers are global and what their angles are.
func (f *configFile) layers(count int) ([]LayerConfig, error) {
	layers := make([]LayerConfig, count)
	if f.LayerTypes != nil {
		if len(f.LayerTypes) != count {
			return nil, fmt.Errorf("layer_types: expected %d entries as num_hidden_layers says, found %d", count, len(f.LayerTypes))
		}
		for i, t := range f.LayerTypes {
			if t != fullAttention && t != slidingAttention {
				return nil, fmt.Errorf("layer_types[%d]: expected %q or %q, found %q", i, fullAttention, slidingAttention, t)
			}
			layers[i].Global = t == fullAttention
		}
	} else {
		every := 3
		if f.GlobalEvery != nil {
			every = *f.GlobalEvery
		}
		if every < 1 {
			return nil, fmt.Errorf("global_attn_every_n_layers: expected at least 1, found %d", every)
		}
		for i := range layers {
			layers[i].Global = i%every == 0
		}
	}

	global, local, err := f.thetas()
	if err != nil {
		return nil, err
	}
	for i := range layers {
		theta, kind := local, slidingAttention
		if layers[i].Global {
			theta, kind = global, fullAttention
		}
		if theta == 0 {
			return nil, fmt.Errorf("rope_parameters.%s: expected a rope_theta for layer %d, found none", kind, i)
		}
		layers[i].RopeTheta = theta
	}
	return layers, nil
}

// thetas are the rotary bases of global and local layers; 0 is one that the
// file ought to name and doesn't.
func (f *configFile) thetas() (global, local float64, err error) {
	legacy := f.LayerTypes == nil && f.RopeParameters == nil
	if legacy {
		global, local = 160000, 10000 // transformers' ModernBertConfig
	}
	if f.GlobalRopeTheta != nil {
		global = *f.GlobalRopeTheta
		if !(global > 1) {
			return 0, 0, fmt.Errorf("global_rope_theta: expected a number above 1, found %v", global)
		}
	}
	for key := range f.RopeParameters {
		if key != fullAttention && key != slidingAttention {
			return 0, 0, fmt.Errorf("rope_parameters: expected %q and %q, found %q", fullAttention, slidingAttention, key)
		}
	}
	if raw, ok := f.RopeParameters[fullAttention]; ok {
		if global, err = parseRope(raw); err != nil {
			return 0, 0, fmt.Errorf("rope_parameters.%s: %w", fullAttention, err)
		}
	}
	switch {
	case isNull(f.LocalRopeTheta):
		local = global
	case f.LocalRopeTheta != nil:
		if json.Unmarshal(f.LocalRopeTheta, &local) != nil || !(local > 1) {
			return 0, 0, fmt.Errorf("local_rope_theta: expected a number above 1 or null, found %.100s", f.LocalRopeTheta)
		}
	}
	switch raw, ok := f.RopeParameters[slidingAttention]; {
	case isNull(raw):
		local = global
	case ok:
		if local, err = parseRope(raw); err != nil {
			return 0, 0, fmt.Errorf("rope_parameters.%s: %w", slidingAttention, err)
		}
	}
	return global, local, nil
}

func isNull(raw json.RawMessage) bool { return string(raw) == "null" }

// parseRope reads one entry of rope_parameters.
func parseRope(raw json.RawMessage) (theta float64, err error) {
	var p struct {
		Type  *string  `json:"rope_type"`
		Theta *float64 `json:"rope_theta"`
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields() // a scaling factor, say, would change the angles
	if err := decoder.Decode(&p); err != nil {
		return 0, fmt.Errorf("expected an object of rope_type and rope_theta alone, found %.100s", raw)
	}
	if p.Type != nil && *p.Type != "default" {
		return 0, fmt.Errorf("rope_type: expected \"default\", found %q", *p.Type)
	}
	if p.Theta == nil {
		return 0, fmt.Errorf("rope_theta: expected a number, found none")
	}
	if !(*p.Theta > 1) {
		return 0, fmt.Errorf("rope_theta: expected a number above 1, found %v", *p.Theta)
	}
	return *p.Theta, nil
}
