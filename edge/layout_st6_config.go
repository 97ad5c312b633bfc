package edge

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"path"
	"slices"

	"github.com/toller-search/toller/infer/weights"
)

// transformerConfig is sentence_bert_config.json as sentence-transformers 6 has
// it: what it makes its Transformer with.
type transformerConfig struct {
	Task           *string                    `json:"transformer_task"`
	Modalities     map[string]modality        `json:"modality_config"`
	Output         *string                    `json:"module_output_name"`
	Processing     map[string]json.RawMessage `json:"processing_kwargs"`
	Processor      map[string]json.RawMessage `json:"processor_kwargs"`
	Config         map[string]json.RawMessage `json:"config_kwargs"`
	Model          json.RawMessage            `json:"model_kwargs"` // the type to compute in, and the like
	Unpad          json.RawMessage            `json:"unpad_inputs"`
	Backend        json.RawMessage            `json:"backend"`
	QueryLength    *int                       `json:"query_length"`
	DocumentLength *int                       `json:"document_length"`
	Expansion      *expansionConfig           `json:"query_expansion"`
	MaxLength      *int                       `json:"max_seq_length"`
	Lower          *bool                      `json:"do_lower_case"`

	where string // the file, for messages
}

type modality struct {
	Method json.RawMessage `json:"method"`
	Output json.RawMessage `json:"method_output_name"`
}

// expansionConfig is how queries are filled up.
type expansionConfig struct {
	Strategy *string `json:"strategy"` // "fixed": and cut at the same length; "min": cut at another
	Attend   *bool   `json:"attend"`
	Token    *string `json:"token"`
	Length   *int    `json:"length"`
}

// UnmarshalJSON refuses keys that there aren't.
func (e *expansionConfig) UnmarshalJSON(text []byte) error {
	type plain expansionConfig
	return decodeStrict(text, (*plain)(e))
}

// read reads and checks the file, which need not be there.
func (t *transformerConfig) read(c *weights.Checkpoint, files backboneFiles) error {
	t.where = path.Join(c.Name(), files.file(casingFile))
	if _, err := readStrict(c, files.file(casingFile), t); err != nil {
		return err
	}
	if err := t.check(); err != nil {
		return fmt.Errorf("edge: %s: %w", t.where, err)
	}
	return nil
}

// check refuses what would have other token states come out.
func (t *transformerConfig) check() error {
	if t.Task != nil && *t.Task != "feature-extraction" {
		return fmt.Errorf("transformer_task: expected \"feature-extraction\", found %q", *t.Task)
	}
	if t.Output != nil && *t.Output != tokenEmbeddings {
		return fmt.Errorf("module_output_name: expected %q, found %q", tokenEmbeddings, *t.Output)
	}
	if _, chat := t.Modalities["message"]; chat {
		return errors.New("modality_config: expected text alone, found messages for a chat template")
	}
	if text, ok := t.Modalities["text"]; ok {
		for _, key := range []struct {
			name, want string
			found      json.RawMessage
		}{{"method", `"forward"`, text.Method}, {"method_output_name", `"last_hidden_state"`, text.Output}} {
			if string(key.found) != key.want {
				return fmt.Errorf("modality_config.text.%s: expected %s, found %.100s", key.name, key.want, key.found)
			}
		}
	}
	for _, options := range []struct {
		key   string
		found map[string]json.RawMessage
	}{{"processing_kwargs", t.Processing}, {"processor_kwargs", t.Processor}, {"config_kwargs", t.Config}} {
		if len(options.found) > 0 {
			return fmt.Errorf("%s: expected none, found %q", options.key, slices.Sorted(maps.Keys(options.found)))
		}
	}
	e := t.Expansion
	if e == nil {
		return nil
	}
	if strategy := first("", e.Strategy); strategy != "fixed" && strategy != "min" {
		return fmt.Errorf("query_expansion.strategy: expected \"fixed\" or \"min\", found %q", strategy)
	}
	length := first(0, e.Length)
	if length < 1 || length > maxQueryLength {
		return fmt.Errorf("query_expansion.length: expected 1 to %d, found %d", maxQueryLength, length)
	}
	if t.QueryLength != nil && *t.QueryLength < length {
		return fmt.Errorf("query_length: expected at least the %d of query_expansion.length, found %d", length, *t.QueryLength)
	}
	return nil
}

// apply puts lengths and expansion in the settings.
func (t *transformerConfig) apply(c *weights.Checkpoint, files backboneFiles, s *settings) error {
	longest, err := t.longest(c, files)
	if err != nil {
		return err
	}
	s.lower = first(false, t.Lower)
	s.document.length = min(first(longest, t.DocumentLength), maxDocumentLength)
	s.query.length = min(first(longest, t.QueryLength), maxQueryLength)
	e := t.Expansion
	if e == nil {
		if t.QueryLength == nil { // there is no length to fill queries up to
			s.expansion.least = min(defaultQueryLength, s.query.length)
		}
		return nil
	}
	s.expansion.on, s.expansion.attend = true, first(false, e.Attend)
	s.expansion.token = first("", e.Token)
	if *e.Strategy == "min" {
		s.expansion.least = *e.Length
	} else {
		s.query.length = *e.Length
	}
	return nil
}

// longest is the length at which a text is cut for which no other is set: the
// tokenizer's, and no more than the model's positions.
func (t *transformerConfig) longest(c *weights.Checkpoint, files backboneFiles) (int, error) {
	if t.MaxLength != nil {
		return *t.MaxLength, nil
	}
	longest := maxDocumentLength
	for _, limit := range []struct {
		file, key string
		text      json.RawMessage
	}{
		{tokenizerConfigFile, "model_max_length", files.tokenizer.MaxLength},
		{configFile, "max_position_embeddings", files.config.Positions},
	} {
		if limit.text == nil || string(limit.text) == "null" {
			continue
		}
		var n float64 // a tokenizer without a limit has 1e30
		if err := json.Unmarshal(limit.text, &n); err != nil || n != math.Trunc(n) {
			return 0, fmt.Errorf("edge: %s: %s: expected a whole number, found %.100s", path.Join(c.Name(), files.file(limit.file)), limit.key, limit.text)
		}
		if n >= 0 && n < float64(longest) { // −1 is none
			longest = int(n)
		}
	}
	return longest, nil
}
