package infer

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/toller-search/toller/infer/weights"
)

// Config is the shape of an encoder, as read from a checkpoint's config.json.
type Config struct {
	Architecture string // model_type: "bert" or "modernbert"

	HiddenSize       int     // H
	IntermediateSize int     // I: inner width of the feed-forward block
	Layers           int     // number of layers
	Heads            int     // attention heads, H/Heads dimensions each
	VocabSize        int     // rows of the embedding matrix
	NormEps          float32 // ε of every LayerNorm

	// Positions is the most tokens that a sequence may have, 0 where the
	// architecture sets no limit.
	Positions int

	// What one architecture alone has; nil for others.
	BERT       *BERT
	ModernBERT *ModernBERT
}

// HeadDim is the number of dimensions of an attention head.
func (c Config) HeadDim() int { return c.HiddenSize / c.Heads }

// architecture is a kind of encoder that this package can run.
type architecture struct {
	// parse reads a config.json of its model_type.
	parse func(data []byte) (Config, error)

	// table names the token embeddings among a checkpoint's tensors.
	table func(tensors map[string]weights.Tensor) string

	// load prepares the weights of a checkpoint.
	load func(*loader) (*backbone, error)
}

// architectures are what can be run, by model_type.
var architectures = map[string]architecture{
	"bert":       {parseBERT, bertTable, loadBERT},
	"modernbert": {parseModernBERT, modernBERTTable, loadModernBERT},
}

// readConfig reads the config.json of the encoder in a folder of a checkpoint.
func readConfig(c *weights.Checkpoint, folder string) (Config, error) {
	name := path.Join(folder, "config.json")
	data, err := c.ReadFile(name)
	if err != nil {
		return Config{}, fmt.Errorf("infer: %w", err)
	}
	return ParseConfig(c.Name()+"/"+name, data)
}

// ParseConfig reads a config.json. The architecture is chosen by its
// model_type; what would change the arithmetic in a way this package doesn't
// know is refused. name is the file's name for error messages.
func ParseConfig(name string, data []byte) (Config, error) {
	c, err := parseConfig(data)
	if err != nil {
		return Config{}, fmt.Errorf("infer: %s: %w", name, err)
	}
	return c, nil
}

func parseConfig(data []byte) (Config, error) {
	var f struct {
		ModelType *string `json:"model_type"`
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return Config{}, err
	}
	found := "none"
	if f.ModelType != nil {
		if a, ok := architectures[*f.ModelType]; ok {
			c, err := a.parse(data)
			c.Architecture = *f.ModelType
			return c, err
		}
		found = fmt.Sprintf("%q", *f.ModelType)
	}
	var known []string
	for _, name := range slices.Sorted(maps.Keys(architectures)) {
		known = append(known, fmt.Sprintf("%q", name))
	}
	return Config{}, fmt.Errorf("model_type: expected %s, found %s", strings.Join(known, " or "), found)
}

// Bounds far above any model of this family. They keep a hostile config.json
// from asking for absurd sizes before the weights are there to contradict it.
const (
	maxWidth  = 1 << 16
	maxLayers = 1 << 10
	maxVocab  = 1 << 24
)

// sizesFile is what config.json says in the same words for every architecture.
type sizesFile struct {
	HiddenSize       *int `json:"hidden_size"`
	IntermediateSize *int `json:"intermediate_size"`
	NumLayers        *int `json:"num_hidden_layers"`
	NumHeads         *int `json:"num_attention_heads"`
	VocabSize        *int `json:"vocab_size"`
}

// sizes checks the sizes and puts them in c. Heads must have a multiple of
// headStep dimensions.
func (f *sizesFile) sizes(c *Config, headStep int) error {
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
		{"num_hidden_layers", f.NumLayers, &c.Layers, maxLayers},
	} {
		if err := checkSize(size.key, size.from, size.most); err != nil {
			return err
		}
		*size.to = *size.from
	}
	if c.HiddenSize%c.Heads != 0 || c.HeadDim()%headStep != 0 {
		return fmt.Errorf("num_attention_heads: expected heads of a multiple of %d dimensions, found %d heads for hidden_size %d", headStep, c.Heads, c.HiddenSize)
	}
	return nil
}

func checkSize(key string, size *int, most int) error {
	if size == nil {
		return fmt.Errorf("%s: expected a number, found none", key)
	}
	if *size < 1 || *size > most {
		return fmt.Errorf("%s: expected 1 to %d, found %d", key, most, *size)
	}
	return nil
}

// parseEps checks the ε of LayerNorm; without one it is otherwise.
func parseEps(key string, eps *float64, otherwise float32) (float32, error) {
	if eps == nil {
		return otherwise, nil
	}
	rounded := float32(*eps)
	if !(rounded > 0 && rounded < 1) {
		return 0, fmt.Errorf("%s: expected a number between 0 and 1, found %v", key, *eps)
	}
	return rounded, nil
}

func isNull(raw json.RawMessage) bool { return string(raw) == "null" }
