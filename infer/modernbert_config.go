package infer

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// ModernBERT is what a ModernBERT encoder has beyond the common shape.
type ModernBERT struct {
	// HalfWindow is how far a local layer looks to either side: position i
	// attends to j when |i−j| ≤ HalfWindow.
	HalfWindow int

	Layers []ModernBERTLayer // one a layer
}

// ModernBERTLayer is what differs between the layers of a ModernBERT encoder.
type ModernBERTLayer struct {
	Global    bool    // attends to the whole sequence, not to a window
	RopeTheta float64 // base of the rotary position embedding
}

// modernBERTFile is ModernBERT's config.json. Keys that don't change the
// arithmetic (dropout, initialisation, classifier settings) are left out.
type modernBERTFile struct {
	sizesFile
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

// parseModernBERT reads a config.json in either of its two styles: legacy keys,
// or the layer_types and rope_parameters of transformers v5.
//
// Absent legacy keys have the defaults of transformers' ModernBertConfig. A
// v5-style file must name the angles of every layer type it uses: a default
// there would silently be the wrong one.
//
// max_position_embeddings is no limit: rotary angles go on.
func parseModernBERT(data []byte) (Config, error) {
	var f modernBERTFile
	if err := json.Unmarshal(data, &f); err != nil {
		return Config{}, err
	}
	if err := f.checkArithmetic(); err != nil {
		return Config{}, err
	}
	own := &ModernBERT{HalfWindow: 64}
	c := Config{ModernBERT: own}
	// Panels of 16 columns hold the values of a head, pairs of dimensions are
	// rotated; 64 is what every published checkpoint has.
	if err := f.sizes(&c, 16); err != nil {
		return Config{}, err
	}
	var err error
	if c.NormEps, err = parseEps("norm_eps", f.NormEps, 1e-5); err != nil {
		return Config{}, err
	}
	if f.LocalAttention != nil {
		if *f.LocalAttention < 2 || *f.LocalAttention > 1<<20 {
			return Config{}, fmt.Errorf("local_attention: expected 2 to %d, found %d", 1<<20, *f.LocalAttention)
		}
		own.HalfWindow = *f.LocalAttention / 2
	}
	own.Layers, err = f.layers(c.Layers)
	return c, err
}

// checkArithmetic refuses what the forward pass doesn't compute.
func (f *modernBERTFile) checkArithmetic() error {
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

// layers says which layers are global and what their angles are.
func (f *modernBERTFile) layers(count int) ([]ModernBERTLayer, error) {
	layers := make([]ModernBERTLayer, count)
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
func (f *modernBERTFile) thetas() (global, local float64, err error) {
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
