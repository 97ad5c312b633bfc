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
)

// A Reference is a library whose numbers a model gives. The two give different
// token ids for some texts.
type Reference string

// PyLate is PyLate 1.6 with sentence-transformers 5.3.
const PyLate Reference = "PyLate"

// layout is what a checkpoint's files say, in one form for all of the layouts.
type layout struct {
	name      Layout
	reference Reference
	backbone  backboneFiles
	head      []module // none: linear.weight among the backbone's weights
	settings  settings // of texts, without the caller's
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

// readLayout finds out which layout a checkpoint has, and reads it.
func readLayout(c *weights.Checkpoint) (*layout, error) {
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
	switch {
	case found:
		return pylateLayout(c, files, modules)
	case slices.Contains(files.config.Architectures, stanfordClass):
		return stanfordLayout(c, files)
	}
	return nil, fmt.Errorf("edge: %s is missing: not a ColBERT checkpoint, whose projection head it lists, unless %s has %s among its architectures",
		path.Join(c.Name(), modulesFile), path.Join(c.Name(), configFile), stanfordClass)
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
