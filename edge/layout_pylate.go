package edge

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/toller-search/toller/infer/weights"
)

// PyLate's defaults, for what a checkpoint doesn't say.
const (
	defaultQueryPrefix    = "[Q] "
	defaultDocumentPrefix = "[D] "
	defaultQueryLength    = 32
	defaultDocumentLength = 180
	defaultSkiplist       = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~" // Python's string.punctuation
)

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

// pylateLayout reads a checkpoint that PyLate saved.
func pylateLayout(c *weights.Checkpoint, files backboneFiles, modules []module) (*layout, error) {
	l := &layout{name: PyLateLayout, reference: PyLate, backbone: files, settings: settings{pooling: noPooling, similarity: MaxSimilarity}}
	var err error
	if l.head, err = pylateHead(path.Join(c.Name(), modulesFile), modules); err != nil {
		return nil, err
	}
	s := &l.settings
	var colbert colbertConfig
	if found, err := readJSON(c, colbertFile, &colbert); err != nil {
		return nil, err
	} else if !found {
		s.warnings = append(s.warnings, colbertFile+" is missing: PyLate's defaults apply")
	}
	var casing struct {
		Lower *bool `json:"do_lower_case"`
	}
	if _, err := readJSON(c, files.file(casingFile), &casing); err != nil {
		return nil, err
	}
	if colbert.Skiplist == nil {
		colbert.Skiplist = strings.Split(defaultSkiplist, "")
	}
	// The prompts are those that sentence-transformers' encode_query and
	// encode_document take.
	s.query = kind{
		prefix: first(defaultQueryPrefix, colbert.QueryPrefix),
		prompt: first("", colbert.prompt("query")),
		length: first(defaultQueryLength, colbert.QueryLength),
	}
	s.document = kind{
		prefix: first(defaultDocumentPrefix, colbert.DocumentPrefix),
		prompt: first("", colbert.prompt("document", "passage", "corpus")),
		length: first(defaultDocumentLength, colbert.DocumentLength),
		skips:  true,
	}
	s.expansion = expansion{on: first(true, colbert.Expansion), attend: first(false, colbert.Attend)}
	s.lower = first(false, casing.Lower)
	s.skiplist = colbert.Skiplist
	return l, nil
}

// pylateHead returns the modules of the head: one or more Dense modules, or one
// of headType. where is the file that lists them.
func pylateHead(where string, modules []module) ([]module, error) {
	for i, module := range modules {
		switch {
		case i == 0 && module.class() == "Transformer":
		case i > 0 && (module.class() == "Dense" || module.Type == headType):
			if module.Path == "" {
				return nil, fmt.Errorf("edge: %s: module %d: path: expected the module's folder, found none", where, i)
			}
		default:
			return nil, fmt.Errorf("edge: %s: module %d: type: expected a Transformer and then Dense modules or a %s, found %q", where, i, headType, module.Type)
		}
	}
	if len(modules) < 2 {
		return nil, fmt.Errorf("edge: %s: expected a Transformer and then one or more Dense modules or a %s, found %d modules and no Dense or Head", where, headType, len(modules))
	}
	return modules[1:], checkHead(where, modules[1:])
}

// checkHead refuses a head that is put together of several.
func checkHead(where string, head []module) error {
	if len(head) == 0 {
		return fmt.Errorf("edge: %s: expected one or more Dense modules or a %s after the Transformer, found no Dense or Head", where, headType)
	}
	if len(head) > 1 && slices.ContainsFunc(head, func(m module) bool { return m.Type == headType }) {
		return fmt.Errorf("edge: %s: expected a %s alone after the Transformer, found %d modules there", where, headType, len(head))
	}
	return nil
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
