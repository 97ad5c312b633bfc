package infer

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/toller-search/toller/testdata"
)

// with is a config of the small model with some keys changed; nil removes one.
func with(changes map[string]any) []byte {
	c := small.config()
	maps.Copy(c, changes)
	return encodeConfig(c)
}

// encodeConfig writes a config.json, without the keys that are nil.
func encodeConfig(c map[string]any) []byte {
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	data, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	return data
}

type rope = map[string]any

func thetas(full, sliding float64) map[string]any {
	return rope{
		fullAttention:    rope{"rope_type": "default", "rope_theta": full},
		slidingAttention: rope{"rope_type": "default", "rope_theta": sliding},
	}
}

func TestParseConfig(t *testing.T) {
	full, sliding := fullAttention, slidingAttention
	types := []string{full, sliding, sliding, full}
	for name, c := range map[string]struct {
		change map[string]any
		global string // G or l for each layer
		thetas [2]float64
	}{
		"legacy defaults":    {nil, "GllG", [2]float64{160000, 10000}},
		"legacy thetas":      {rope{"global_rope_theta": 5000, "local_rope_theta": 700}, "GllG", [2]float64{5000, 700}},
		"null local theta":   {rope{"global_rope_theta": 5000, "local_rope_theta": json.RawMessage("null")}, "GllG", [2]float64{5000, 5000}},
		"all layers global":  {rope{"global_attn_every_n_layers": 1}, "GGGG", [2]float64{160000, 0}},
		"v5":                 {rope{"layer_types": types, "rope_parameters": thetas(160000, 10000)}, "GllG", [2]float64{160000, 10000}},
		"v5 own pattern":     {rope{"layer_types": []string{sliding, full, full, sliding}, "rope_parameters": thetas(9, 8)}, "lGGl", [2]float64{9, 8}},
		"v5 null sliding":    {rope{"layer_types": types, "rope_parameters": rope{full: rope{"rope_theta": 7}, sliding: nil}}, "GllG", [2]float64{7, 7}},
		"v5 types, old keys": {rope{"layer_types": types, "global_rope_theta": 5, "local_rope_theta": 6}, "GllG", [2]float64{5, 6}},
	} {
		got, err := ParseConfig("config.json", with(c.change))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, l := range got.ModernBERT.Layers {
			if want := c.global[i] == 'G'; l.Global != want {
				t.Errorf("%s: layer %d: expected global %v, found %v", name, i, want, l.Global)
			}
			want := c.thetas[1]
			if l.Global {
				want = c.thetas[0]
			}
			if l.RopeTheta != want {
				t.Errorf("%s: layer %d: expected theta %v, found %v", name, i, want, l.RopeTheta)
			}
		}
		if got.ModernBERT.HalfWindow != 8 {
			t.Errorf("%s: expected half a window of 8, found %d", name, got.ModernBERT.HalfWindow)
		}
	}
}

func TestParseConfigRefuses(t *testing.T) {
	types := []string{fullAttention, slidingAttention, slidingAttention, fullAttention}
	for name, c := range map[string]struct {
		change map[string]any
		want   string
	}{
		"other architecture": {rope{"model_type": "gpt2"}, `model_type: expected "bert" or "modernbert", found "gpt2"`},
		"no architecture":    {rope{"model_type": nil}, `model_type: expected "bert" or "modernbert", found none`},
		"no width":           {rope{"hidden_size": nil}, "hidden_size: expected a number, found none"},
		"zero layers":        {rope{"num_hidden_layers": 0}, "num_hidden_layers: expected 1 to 1024, found 0"},
		"absurd vocabulary":  {rope{"vocab_size": 1 << 30}, "vocab_size: expected 1 to 16777216, found 1073741824"},
		"uneven heads":       {rope{"num_attention_heads": 3}, "num_attention_heads: expected heads of a multiple of 16 dimensions"},
		"activation":         {rope{"hidden_activation": "silu"}, `hidden_activation: expected "gelu", found "silu"`},
		"bias":               {rope{"mlp_bias": true}, "mlp_bias: expected false, found true"},
		"eps":                {rope{"norm_eps": 0}, "norm_eps: expected a number between 0 and 1, found 0"},
		"window":             {rope{"local_attention": -1}, "local_attention: expected 2 to"},
		"pattern":            {rope{"global_attn_every_n_layers": 0}, "global_attn_every_n_layers: expected at least 1, found 0"},
		"scaling":            {rope{"rope_scaling": rope{"type": "yarn"}}, "rope_scaling: expected none"},
		"too few types":      {rope{"layer_types": types[:3], "rope_parameters": thetas(9, 8)}, "layer_types: expected 4 entries as num_hidden_layers says, found 3"},
		"unknown type":       {rope{"layer_types": []string{"chunked", "", "", ""}}, `layer_types[0]: expected "full_attention" or "sliding_attention", found "chunked"`},
		"no theta":           {rope{"layer_types": types}, "rope_parameters.full_attention: expected a rope_theta for layer 0, found none"},
		"no sliding theta":   {rope{"layer_types": types, "rope_parameters": rope{fullAttention: rope{"rope_theta": 9}}}, "rope_parameters.sliding_attention: expected a rope_theta for layer 1, found none"},
		"rope type":          {rope{"rope_parameters": rope{fullAttention: rope{"rope_type": "yarn", "rope_theta": 9}}}, `rope_parameters.full_attention: rope_type: expected "default", found "yarn"`},
		"rope factor":        {rope{"rope_parameters": rope{fullAttention: rope{"rope_theta": 9, "factor": 4}}}, "rope_parameters.full_attention: expected an object of rope_type and rope_theta alone"},
		"flat rope":          {rope{"rope_parameters": rope{"rope_theta": 9}}, `rope_parameters: expected "full_attention" and "sliding_attention", found "rope_theta"`},
		"theta":              {rope{"local_rope_theta": -3}, "local_rope_theta: expected a number above 1 or null, found -3"},
		"wrong kind":         {rope{"hidden_size": "big"}, "hidden_size"},
	} {
		_, err := ParseConfig("dir/config.json", with(c.change))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "dir/config.json") {
			t.Errorf("%s: expected an error with the file's name and %q, found %v", name, c.want, err)
		}
	}
}

func FuzzParseConfig(f *testing.F) {
	for _, model := range append(testdata.BERT, testdata.Models...) {
		f.Add(testdata.Read(f, "models/"+model+"/config.json"))
	}
	f.Add(with(rope{"rope_parameters": thetas(9, 8)}))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseConfig("config.json", data)
		if err != nil {
			return
		}
		if c.HiddenSize < 8 || c.HeadDim()%8 != 0 || c.Layers < 1 || c.VocabSize < 1 || c.Positions < 0 || !(c.NormEps > 0) {
			t.Errorf("accepted %+v", c)
		}
		switch {
		case c.BERT != nil:
			if c.Positions < 1 || c.BERT.TokenTypes < 1 || bertActivations[c.BERT.Activation] == nil {
				t.Errorf("accepted %+v", c.BERT)
			}
		case c.ModernBERT != nil:
			if c.HeadDim()%16 != 0 || len(c.ModernBERT.Layers) != c.Layers || c.ModernBERT.HalfWindow < 1 {
				t.Errorf("accepted %+v", c.ModernBERT)
			}
			for i, l := range c.ModernBERT.Layers {
				if !(l.RopeTheta > 1) {
					t.Errorf("layer %d: accepted theta %v", i, l.RopeTheta)
				}
			}
		default:
			t.Errorf("accepted neither architecture: %+v", c)
		}
	})
}
