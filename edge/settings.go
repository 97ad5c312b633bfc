package edge

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/toller-search/toller/infer/weights"
)

// Files of a checkpoint that say how texts are prepared and which modules
// their tokens go through.
const (
	modulesFile   = "modules.json"
	colbertFile   = "config_sentence_transformers.json"
	casingFile    = "sentence_bert_config.json"
	tokenizerFile = "tokenizer.json"
	configFile    = "config.json" // of the backbone
	moduleFile    = "config.json" // in a module's folder
	weightsFile   = "model.safetensors"
)

// Bounds on lengths, so that a broken file or a slip doesn't ask for absurd
// amounts of memory. A query is filled up to its length when it is expanded.
const (
	maxQueryLength    = 8192
	maxDocumentLength = 1 << 20
)

// settings is how texts become sequences of tokens: the checkpoint's values
// with the caller's in place of those that were overridden.
type settings struct {
	query, document kind
	expansion       expansion
	lower           bool
	skiplist        []string // token strings
	markers         []string // that sentence-transformers 6 makes special tokens
	pooling         pooling
	raw             bool // vectors keep the length that they have
	similarity      Similarity
	warnings        []string
}

// kind is what differs between queries and documents.
type kind struct {
	prefix string // token put at position 1, "" for none
	prompt string // text put before the caller's
	length int    // tokens in all
	given  bool   // the length is the caller's
	skips  bool   // tokens of the skiplist give no vector
}

// expansion is how queries are filled up.
type expansion struct {
	on       bool   // fill queries up
	attend   bool   // and let other tokens attend to what they are filled up with
	token    string // "" is the mask token
	least    int    // tokens that a query then has at least; 0: its length
	unscored bool   // they give no vectors
}

// override puts the caller's values in the place of the checkpoint's.
func (s *settings) override(o overrides) {
	for _, k := range []struct {
		*kind
		prefix, prompt *string
		length         *int
	}{
		{&s.query, o.queryPrefix, o.queryPrompt, o.queryLength},
		{&s.document, o.documentPrefix, o.documentPrompt, o.documentLength},
	} {
		k.kind.prefix = first(k.kind.prefix, k.prefix)
		k.kind.prompt = first(k.kind.prompt, k.prompt)
		k.kind.length = first(k.kind.length, k.length)
		k.kind.given = k.length != nil
	}
	s.expansion.on = first(s.expansion.on, o.expansion)
	s.expansion.attend = first(s.expansion.attend, o.attend) && s.expansion.on
	s.expansion.token = first(s.expansion.token, o.expansionToken)
	s.lower = first(s.lower, o.lower)
	s.raw = !first(!s.raw, o.normalize)
	if o.skiplist != nil {
		s.skiplist, s.document.skips = *o.skiplist, true
	}
}

// asText puts markers into the prompts, as sentence-transformers 6 does.
func (s *settings) asText() {
	for _, k := range []*kind{&s.query, &s.document} {
		s.markers = append(s.markers, k.prefix)
		k.prompt = k.prefix + strings.TrimPrefix(k.prompt, k.prefix)
		k.prefix = ""
	}
}

// filledTo is how many tokens queries are filled up to, 0 for none.
func (s *settings) filledTo() int {
	switch {
	case !s.expansion.on:
		return 0
	case s.expansion.least > 0:
		return s.expansion.least
	}
	return s.query.length
}

// fit keeps lengths within the positions that the model has, 0 for any number.
// What the checkpoint says, or the reference where it says nothing, is lowered
// with a warning. What the caller says is left, to be refused.
func (s *settings) fit(positions int) {
	for _, k := range []struct {
		*kind
		what string
	}{{&s.query, "query"}, {&s.document, "document"}} {
		if positions == 0 || k.length <= positions || k.given {
			continue
		}
		s.warnings = append(s.warnings, fmt.Sprintf("%s_length %d is more than the %d positions of the model: texts are cut at %d tokens", k.what, k.length, positions, positions))
		k.length = positions
	}
	if e := &s.expansion; positions > 0 && e.on && e.least > positions {
		s.warnings = append(s.warnings, fmt.Sprintf("query_expansion.length %d is more than the %d positions of the model: queries are filled up to %d tokens", e.least, positions, positions))
		e.least = positions
	}
}

// first returns the first value that is given, else the default.
func first[T any](otherwise T, given ...*T) T {
	for _, v := range given {
		if v != nil {
			return *v
		}
	}
	return otherwise
}

// readJSON decodes a file of the checkpoint and reports whether there is one.
func readJSON(c *weights.Checkpoint, name string, into any) (found bool, err error) {
	text, err := c.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return true, fmt.Errorf("edge: %s: %w", path.Join(c.Name(), name), err)
	}
	return true, nil
}
