package edge

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/toller-search/toller/infer/weights"
)

// A Reference is a library whose numbers a model gives. The two give different
// token ids for some texts; the checkpoint's layout decides which of them it is,
// unless [WithReference] does. For a BERT both take only the vocabulary and the added
// tokens from tokenizer.json, and everything else from tokenizer_config.json; where
// these two disagree, Warnings of [Info] says so.
type Reference string

const (
	// PyLate is PyLate 1.6 with sentence-transformers 5.3. It strips white space,
	// lower-cases by Python's rules before special tokens are looked for, has its
	// markers found in texts as well, and takes a skiplist word that is no token for
	// [UNK].
	PyLate Reference = "PyLate"
	// SentenceTransformers is sentence-transformers 6. The tokenizer lower-cases,
	// and markers are prompts: text before a text. PyLate can't read the checkpoints
	// that it writes.
	SentenceTransformers Reference = "sentence-transformers 6"
)

// readAsSentenceTransformers reads a checkpoint that isn't sentence-transformers'
// own as sentence-transformers 6 does.
// Source: sentence-transformers 6.2, multi_vector_encoder/model.py.
func readAsSentenceTransformers(c *weights.Checkpoint, files backboneFiles, modules []module) (*layout, error) {
	if modules == nil {
		return stanfordAsSentenceTransformers(c, files)
	}
	l := &layout{name: PyLateLayout, reference: SentenceTransformers, backbone: files}
	s := &l.settings
	*s = settings{pooling: noPooling}
	var err error
	if l.head, err = pylateHead(path.Join(c.Name(), modulesFile), modules); err != nil {
		return nil, err
	}
	var keys map[string]json.RawMessage
	var colbert struct {
		colbertConfig
		ModelType  *string `json:"model_type"`
		Similarity *string `json:"similarity_fn_name"`
	}
	if _, err := readJSON(c, colbertFile, &keys); err != nil {
		return nil, err
	}
	if _, err := readJSON(c, colbertFile, &colbert); err != nil {
		return nil, err
	}
	s.query = kind{prefix: first("", colbert.QueryPrefix), prompt: first("", colbert.Prompts["query"])}
	s.document = kind{prefix: first("", colbert.DocumentPrefix), prompt: first("", colbert.Prompts["document"]), skips: true}
	s.setSimilarity(colbert.Similarity)

	// A checkpoint that says so, or whose kind is unknown, is as PyLate has it.
	// One of Stanford's is taken at its modules' word: no skiplist, no
	// normalisation, and no vectors of what a query is filled up with.
	inline, err := hasStanfordClass(c, files)
	if err != nil {
		return nil, err
	}
	if colbert.ModelType == nil && inline {
		s.raw, s.expansion.unscored, s.document.skips = true, true, false
	}
	switch {
	case colbert.Skiplist != nil:
		s.skiplist = colbert.Skiplist
	case first("", colbert.ModelType) == "ColBERT" || s.query.prefix != "" || s.document.prefix != "":
		s.skiplist = strings.Split(defaultSkiplist, "")
	}

	var t transformerConfig
	if err := t.read(c, files); err != nil {
		return nil, err
	}
	if t.QueryLength == nil {
		t.QueryLength = colbert.QueryLength
	}
	if t.DocumentLength == nil {
		t.DocumentLength = colbert.DocumentLength
	}
	known := []string{"query_length", "document_length", "do_query_expansion", "attend_to_expansion_tokens", "query_prefix", "document_prefix", "skiplist_words"}
	if slices.ContainsFunc(known, func(key string) bool { _, found := keys[key]; return found }) && first(true, colbert.Expansion) {
		fixed, length := "fixed", first(defaultQueryLength, colbert.QueryLength)
		t.QueryLength, t.Expansion = nil, &expansionConfig{Strategy: &fixed, Attend: colbert.Attend, Length: &length}
	}
	return l, t.apply(c, files, s)
}

// hasStanfordClass reports whether the checkpoint's own config.json is that of
// Stanford's ColBERT, wherever the backbone is.
func hasStanfordClass(c *weights.Checkpoint, files backboneFiles) (bool, error) {
	config := files.config
	if files.folder != "" {
		config = backboneConfig{}
		if _, err := readJSON(c, configFile, &config); err != nil {
			return false, err
		}
	}
	return slices.Contains(config.Architectures, stanfordClass), nil
}

func stanfordAsSentenceTransformers(c *weights.Checkpoint, files backboneFiles) (*layout, error) {
	l, m, err := readMetadata(c, files)
	if err != nil {
		return nil, err
	}
	l.reference = SentenceTransformers
	s := &l.settings
	// "" stands for none here.
	for _, k := range []struct {
		*kind
		otherwise string
	}{{&s.query, queryMarker}, {&s.document, documentMarker}} {
		if k.prefix == "" {
			k.prefix = k.otherwise
		}
		k.prefix += " "
	}
	if first(true, m.Punctuation) {
		s.skiplist = strings.Split(defaultSkiplist, "")
	}
	fixed, length := "fixed", first(0, m.QueryLength)
	if length == 0 {
		length = defaultQueryLength
	}
	t := transformerConfig{DocumentLength: m.DocumentLength, Expansion: &expansionConfig{Strategy: &fixed, Attend: m.Attend, Length: &length}}
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("edge: %s: %w", path.Join(c.Name(), metadataFile), err)
	}
	return l, t.apply(c, files, s)
}
