package edge

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"

	"github.com/toller-search/toller/infer/weights"
)

// A Layout is a way in which a checkpoint's files say what is in them.
type Layout string

// The layouts that [Open] reads.
const (
	// PyLateLayout has modules.json with a Transformer, in the checkpoint or in a
	// folder of it, and Dense modules, and how texts are prepared in
	// config_sentence_transformers.json.
	PyLateLayout Layout = "PyLate"
	// StanfordLayout is that of the original ColBERT: no modules.json, the
	// projection among the backbone's weights, and artifact.metadata.
	StanfordLayout Layout = "Stanford"
	// NativeLayout is what sentence-transformers 6 saves, whatever it loaded: all
	// that is done with the tokens' states is a module of its own.
	NativeLayout Layout = "sentence-transformers 6"
)

// layout is what a checkpoint's files say, in one form for all of the layouts.
type layout struct {
	name      Layout
	reference Reference
	backbone  backboneFiles
	head      []module // none: linear.weight among the backbone's weights
	settings  settings // of texts; the caller's are put in
	lowers    bool     // the tokenizer makes letters small
}

// backboneFiles are the files of the folder that the backbone is in.
type backboneFiles struct {
	folder    string // "" is the checkpoint itself
	config    backboneConfig
	tokenizer tokenizerConfig
}

// backboneConfig is what of the backbone's config.json matters here.
type backboneConfig struct {
	ModelType      *string         `json:"model_type"`
	Architectures  []string        `json:"architectures"`
	TokenizerClass *string         `json:"tokenizer_class"`
	Positions      json.RawMessage `json:"max_position_embeddings"`
}

// stanfordClass is in the architectures of a checkpoint of Stanford's ColBERT.
const stanfordClass = "HF_ColBERT"

// readLayout finds out which layout a checkpoint has, and reads it as the
// library does that the layout is of, or as wanted, "" for no wish.
func readLayout(c *weights.Checkpoint, wanted Reference) (*layout, error) {
	modules, found, err := readModules(c)
	if err != nil {
		return nil, err
	}
	if found && len(modules) == 0 {
		return nil, fmt.Errorf("edge: %s: expected a Transformer and then one or more Dense modules or a %s, found 0 modules", path.Join(c.Name(), modulesFile), headType)
	}
	folder := ""
	if found {
		folder = modules[0].Path
	}
	files, err := readBackboneFiles(c, folder)
	if err != nil {
		return nil, err
	}
	if !found && !slices.Contains(files.config.Architectures, stanfordClass) {
		return nil, fmt.Errorf("edge: %s is missing: not a ColBERT checkpoint, whose projection head it lists, unless %s has %s among its architectures",
			path.Join(c.Name(), modulesFile), path.Join(c.Name(), configFile), stanfordClass)
	}
	native, err := isNative(c, modules)
	if err != nil {
		return nil, err
	}
	switch {
	case found && native && wanted == PyLate:
		return nil, fmt.Errorf("edge: %s: reference: expected none or %q, whose own layout this is and which PyLate can't read, found %q", c.Name(), SentenceTransformers, wanted)
	case found && native:
		return nativeLayout(c, files, modules)
	case wanted == SentenceTransformers:
		return readAsSentenceTransformers(c, files, modules)
	case found:
		return pylateLayout(c, files, modules)
	}
	return stanfordLayout(c, files)
}

func readBackboneFiles(c *weights.Checkpoint, folder string) (backboneFiles, error) {
	b := backboneFiles{folder: folder}
	if _, err := readJSON(c, path.Join(folder, configFile), &b.config); err != nil {
		return b, err
	}
	var err error
	b.tokenizer, err = readTokenizerConfig(c, folder)
	return b, err
}

// file is the name of one of the backbone's files.
func (b backboneFiles) file(name string) string { return path.Join(b.folder, name) }
