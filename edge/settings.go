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
	moduleFile    = "config.json" // in a module's folder
	weightsFile   = "model.safetensors"
)

// PyLate's defaults, for what a checkpoint doesn't say.
const (
	defaultQueryPrefix    = "[Q] "
	defaultDocumentPrefix = "[D] "
	defaultQueryLength    = 32
	defaultDocumentLength = 180
	defaultSkiplist       = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~" // Python's string.punctuation
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
	expansion       bool // fill queries up to their length with [MASK]
	attend          bool // and let other tokens attend to these
	lower           bool
	skiplist        []string // token strings
	warnings        []string
}

// kind is what differs between queries and documents.
type kind struct {
	prefix string // token put at position 1, "" for none
	prompt string // text put before the caller's
	length int    // tokens in all
	given  bool   // the length is the caller's
}

// colbertConfig is the part of config_sentence_transformers.json that matters
// here. Absent and null mean PyLate's default.
type colbertConfig struct {
	Prompts        map[string]*string `json:"prompts"`
	DefaultPrompt  *string            `json:"default_prompt_name"`
	QueryPrefix    *string            `json:"query_prefix"`
	DocumentPrefix *string            `json:"document_prefix"`
	QueryLength    *int               `json:"query_length"`
	DocumentLength *int               `json:"document_length"`
	Expansion      *bool              `json:"do_query_expansion"`
	Attend         *bool              `json:"attend_to_expansion_tokens"`
	Skiplist       []string           `json:"skiplist_words"`
}

// readSettings reads a checkpoint's settings and applies the overrides.
func readSettings(c *weights.Checkpoint, o overrides) (settings, error) {
	var s settings
	var colbert colbertConfig
	if found, err := readJSON(c, colbertFile, &colbert); err != nil {
		return s, err
	} else if !found {
		s.warnings = append(s.warnings, colbertFile+" is missing: PyLate's defaults apply")
	}
	var casing struct {
		Lower *bool `json:"do_lower_case"`
	}
	if _, err := readJSON(c, casingFile, &casing); err != nil {
		return s, err
	}
	if colbert.Skiplist == nil {
		colbert.Skiplist = strings.Split(defaultSkiplist, "")
	}

	// The prompts are those that sentence-transformers' encode_query and
	// encode_document take.
	s.query = kind{
		prefix: first(defaultQueryPrefix, o.queryPrefix, colbert.QueryPrefix),
		prompt: first("", o.queryPrompt, colbert.prompt("query")),
		length: first(defaultQueryLength, o.queryLength, colbert.QueryLength),
		given:  o.queryLength != nil,
	}
	s.document = kind{
		prefix: first(defaultDocumentPrefix, o.documentPrefix, colbert.DocumentPrefix),
		prompt: first("", o.documentPrompt, colbert.prompt("document", "passage", "corpus")),
		length: first(defaultDocumentLength, o.documentLength, colbert.DocumentLength),
		given:  o.documentLength != nil,
	}
	s.expansion = first(true, o.expansion, colbert.Expansion)
	s.attend = first(false, o.attend, colbert.Attend) && s.expansion
	s.lower = first(false, o.lower, casing.Lower)
	s.skiplist = first(colbert.Skiplist, o.skiplist)
	return s, nil
}

// fit keeps lengths within the positions that the model has, 0 for any number.
// What the checkpoint says, or PyLate where it says nothing, is lowered with a
// warning. What the caller says is left, to be refused.
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

// prompt returns the text of the first prompt that has one of the names, else
// that of the default prompt, nil if there is none.
func (c *colbertConfig) prompt(names ...string) *string {
	if c.DefaultPrompt != nil {
		names = append(names, *c.DefaultPrompt)
	}
	for _, name := range names {
		if text := c.Prompts[name]; text != nil {
			return text
		}
	}
	return nil
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
