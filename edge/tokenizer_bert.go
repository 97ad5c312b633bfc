package edge

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/toller-search/toller/infer/weights"
)

// Files that say what transformers makes of a tokenizer, beside tokenizer.json.
const (
	tokenizerConfigFile = "tokenizer_config.json"
	specialTokensFile   = "special_tokens_map.json"
	addedTokensFile     = "added_tokens.json"
	vocabularyFile      = "vocab.txt"
)

// tokenizerConfig is the part of tokenizer_config.json that matters here, with
// what the older files beside it say.
type tokenizerConfig struct {
	Class     *string         `json:"tokenizer_class"`
	MaxLength json.RawMessage `json:"model_max_length"`

	// BertTokenizer's own.
	Lower       *bool `json:"do_lower_case"`
	Chinese     *bool `json:"tokenize_chinese_chars"`
	StripAccent *bool `json:"strip_accents"`

	Decoder map[int32]addedEntry `json:"added_tokens_decoder"`
	added   map[string]int32     // of added_tokens.json
	special specialTokens
}

// specialTokens are the tokens that have a purpose of their own.
type specialTokens struct {
	unknown, separator, padding, classifier, mask specialToken
	extra                                         []specialToken
}

// specialToken is a special token's text, and what else a file may say of it.
type specialToken struct {
	addedEntry
	given bool
}

// UnmarshalJSON reads a text or an object.
func (t *specialToken) UnmarshalJSON(text []byte) error {
	switch text[0] {
	case '"':
		t.given = true
		return json.Unmarshal(text, &t.Content)
	case '{':
		t.given = true
		return json.Unmarshal(text, &t.addedEntry)
	case 'n':
		return nil
	}
	return fmt.Errorf("expected a token, found %.100s", text)
}

// read puts what a file says in the place of what is known.
func (s *specialTokens) read(text []byte) error {
	var file struct {
		Unknown    specialToken    `json:"unk_token"`
		Separator  specialToken    `json:"sep_token"`
		Padding    specialToken    `json:"pad_token"`
		Classifier specialToken    `json:"cls_token"`
		Mask       specialToken    `json:"mask_token"`
		Extra      json.RawMessage `json:"extra_special_tokens"`
		Additional json.RawMessage `json:"additional_special_tokens"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return err
	}
	for _, t := range []struct{ to, from *specialToken }{
		{&s.unknown, &file.Unknown}, {&s.separator, &file.Separator}, {&s.padding, &file.Padding},
		{&s.classifier, &file.Classifier}, {&s.mask, &file.Mask},
	} {
		if t.from.given {
			*t.to = *t.from
		}
	}
	for key, list := range map[string]json.RawMessage{"extra_special_tokens": file.Extra, "additional_special_tokens": file.Additional} {
		if list == nil || list[0] != '[' { // an object names tokens for purposes that aren't ours
			continue
		}
		var extra []specialToken
		if err := json.Unmarshal(list, &extra); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		s.extra = extra
	}
	return nil
}

// readTokenizerConfig reads the files beside a tokenizer.json, in the order in
// which transformers 5 does: special_tokens_map.json and added_tokens.json count
// where tokenizer_config.json doesn't list added tokens itself.
func readTokenizerConfig(c *weights.Checkpoint, folder string) (tokenizerConfig, error) {
	named := func(text string) specialToken { return specialToken{addedEntry: addedEntry{Content: text}} }
	config := tokenizerConfig{special: specialTokens{
		unknown: named("[UNK]"), separator: named("[SEP]"), padding: named("[PAD]"), classifier: named("[CLS]"), mask: named("[MASK]"),
	}}
	read := func(name string, into func(text []byte) error) error {
		name = path.Join(folder, name)
		text, err := c.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			if err = into(text); err != nil {
				err = fmt.Errorf("edge: %s: %w", path.Join(c.Name(), name), err)
			}
		}
		return err
	}
	err := read(tokenizerConfigFile, func(text []byte) error {
		if err := json.Unmarshal(text, &config); err != nil {
			return err
		}
		return config.special.read(text)
	})
	if err != nil || config.Decoder != nil {
		return config, err
	}
	if err := read(specialTokensFile, config.special.read); err != nil {
		return config, err
	}
	return config, read(addedTokensFile, func(text []byte) error { return json.Unmarshal(text, &config.added) })
}

// rebuildsTokenizer reports whether transformers 5 takes only the vocabulary and
// the added tokens from tokenizer.json, as it does for BERT unless the
// tokenizer's class is another.
func (b backboneFiles) rebuildsTokenizer() bool {
	if b.config.ModelType == nil || *b.config.ModelType != "bert" {
		return false
	}
	class := first("", b.tokenizer.Class)
	if b.tokenizer.Class == nil {
		class = first("BertTokenizer", b.config.TokenizerClass)
	}
	return strings.TrimSuffix(class, "Fast") == "BertTokenizer"
}

// bertNormalizer is the normalizer BertNormalizer.
type bertNormalizer struct {
	Type    string `json:"type"`
	Clean   bool   `json:"clean_text"`
	Chinese bool   `json:"handle_chinese_chars"`
	Strip   *bool  `json:"strip_accents"`
	Lower   bool   `json:"lowercase"`
}

// rebuildBERT does what transformers 5 does for BERT: normalizer, pre-tokenizer,
// post-processor and the model's options come from tokenizer_config.json and
// BertTokenizer's defaults. It warns where tokenizer.json says something else.
// Source: huggingface/transformers 5.3, models/bert/tokenization_bert.py,
// tokenization_utils_base.py.
func (d *tokenizerDraft) rebuildBERT(config tokenizerConfig, s *settings) error {
	made, _, _ := d.load() // what is wrong with the file may be what isn't taken from it
	if err := d.open(); err != nil {
		return err
	}
	if kind := d.model["type"]; kind != nil && string(kind) != `"WordPiece"` {
		return d.wrong("model.type", fmt.Errorf("expected \"WordPiece\", which BertTokenizer works with, found %.100s; another tokenizer_class in %s has %s read as it is", kind, tokenizerConfigFile, tokenizerFile))
	}
	normalizer := bertNormalizer{
		Type: "BertNormalizer", Clean: true, Chinese: first(true, config.Chinese), Strip: config.StripAccent, Lower: first(true, config.Lower),
	}
	sameNormalizer := d.hasNormalizer(normalizer)
	if !sameNormalizer && d.members["normalizer"] != nil {
		s.warnings = append(s.warnings, fmt.Sprintf("%s has another normalizer than %s: transformers 5 takes the latter for BERT, and so does toller", tokenizerFile, tokenizerConfigFile))
	}
	added, err := d.bertAdded(config)
	if err != nil {
		return err
	}
	sameAdded := slices.Equal(added, d.added)
	d.added = added
	classifier, separator := d.find(config.special.classifier.Content), d.find(config.special.separator.Content)
	if made != nil && sameNormalizer && sameAdded && d.hasOptions(config.special.unknown.Content) {
		before, after := made.Template()
		if slices.Equal(before, []int32{classifier.ID}) && slices.Equal(after, []int32{separator.ID}) {
			return nil
		}
	}

	piece := func(kind, id string) any { return map[string]any{kind: map[string]any{"id": id, "type_id": 0}} }
	tokens := map[string]any{}
	for _, a := range []*addedEntry{classifier, separator} {
		tokens[a.Content] = map[string]any{"id": a.Content, "ids": []int32{a.ID}, "tokens": []string{a.Content}}
	}
	for _, part := range []struct {
		object map[string]json.RawMessage
		key    string
		value  any
	}{
		{d.members, "normalizer", normalizer},
		{d.members, "pre_tokenizer", map[string]any{"type": "BertPreTokenizer"}},
		{d.members, "post_processor", map[string]any{
			"type":           "TemplateProcessing",
			"single":         []any{piece("SpecialToken", classifier.Content), piece("Sequence", "A"), piece("SpecialToken", separator.Content)},
			"special_tokens": tokens,
		}},
		{d.model, "type", "WordPiece"},
		{d.model, "unk_token", config.special.unknown.Content},
		{d.model, "continuing_subword_prefix", wordPiecePrefix},
		{d.model, "max_input_chars_per_word", wordPieceChars},
	} {
		if err := d.put(part.object, part.key, part.value); err != nil {
			return err
		}
	}
	return nil
}

// What BertTokenizer has WordPiece do.
const (
	wordPiecePrefix = "##"
	wordPieceChars  = 100
)

// hasNormalizer reports whether the file has this normalizer.
func (d *tokenizerDraft) hasNormalizer(want bertNormalizer) bool {
	var found bertNormalizer
	if text := d.members["normalizer"]; text == nil || json.Unmarshal(text, &found) != nil {
		return false
	}
	strips := first(found.Lower, found.Strip) == first(want.Lower, want.Strip)
	found.Strip = want.Strip
	return strips && found == want
}

// hasOptions reports whether the file has BertTokenizer's options of WordPiece. It
// has been loaded, so that there is no other pre-tokenizer.
func (d *tokenizerDraft) hasOptions(unknown string) bool {
	var found struct {
		Unknown string `json:"unk_token"`
		Prefix  string `json:"continuing_subword_prefix"`
		Chars   int    `json:"max_input_chars_per_word"`
	}
	for key, into := range map[string]any{"unk_token": &found.Unknown, "continuing_subword_prefix": &found.Prefix, "max_input_chars_per_word": &found.Chars} {
		if text := d.model[key]; text == nil || json.Unmarshal(text, into) != nil {
			return false
		}
	}
	return found.Unknown == unknown && found.Prefix == wordPiecePrefix && found.Chars == wordPieceChars
}

// bertAdded puts together the added tokens: those that tokenizer_config.json
// lists, or else those of added_tokens.json and of the file, and then special
// tokens that aren't among them.
func (d *tokenizerDraft) bertAdded(config tokenizerConfig) ([]addedEntry, error) {
	byID := map[int32]addedEntry{}
	if config.Decoder != nil {
		maps.Copy(byID, config.Decoder)
	} else {
		for content, id := range config.added {
			special := slices.ContainsFunc(config.special.all(), func(t specialToken) bool { return t.Content == content })
			byID[id] = addedEntry{Content: content, Normalized: !special, Special: special}
		}
		for _, a := range d.added {
			byID[a.ID] = a
		}
	}
	var added []addedEntry
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		// Loading the tokenizer refuses an id that isn't the one it would get.
		a := byID[id]
		a.ID = id
		added = append(added, a)
	}
	for _, t := range config.special.all() {
		if slices.ContainsFunc(added, func(a addedEntry) bool { return a.Content == t.Content }) {
			continue
		}
		words, err := d.words()
		if err != nil {
			return nil, err
		}
		a := t.addedEntry
		a.Special = true
		if id, ok := words[a.Content]; ok {
			a.ID = id
		} else {
			for _, id := range words {
				a.ID = max(a.ID, id+1)
			}
			for _, other := range added {
				a.ID = max(a.ID, other.ID+1)
			}
		}
		added = append(added, a)
	}
	return added, nil
}

// all lists the special tokens in transformers' order.
func (s specialTokens) all() []specialToken {
	return append([]specialToken{s.unknown, s.separator, s.padding, s.classifier, s.mask}, s.extra...)
}
