package token

import (
	"slices"
	"strings"
)

// parse reads a whole tokenizer.json.
func parse(name string, data []byte) (*encoder, error) {
	c, err := newCursor(name, data)
	if err != nil {
		return nil, err
	}

	// The sections depend on each other and may come in any order.
	var model, normalizer, preTokenizer, postProcessor, added *cursor
	err = c.fields(
		field{name: "version", optional: true, read: func() error { return readVersion(c) }},
		field{name: "truncation", optional: true, read: c.skipped},
		field{name: "padding", optional: true, read: c.skipped},
		field{name: "added_tokens", optional: true, read: c.later(&added)},
		field{name: "normalizer", optional: true, read: c.later(&normalizer)},
		field{name: "pre_tokenizer", read: c.later(&preTokenizer)},
		field{name: "post_processor", optional: true, read: c.later(&postProcessor)},
		field{name: "decoder", optional: true, read: c.skipped},
		field{name: "model", read: c.later(&model)},
	)
	if err == nil {
		err = c.end()
	}
	if err != nil {
		return nil, err
	}

	e := newEncoder()
	if e.model, err = readModel(model); err != nil {
		return nil, err
	}
	e.size = e.model.vocabulary().size()
	if normalizer != nil {
		if e.normalizers, err = readNormalizer(normalizer); err != nil {
			return nil, err
		}
	}
	if err := e.readPreTokenizer(preTokenizer); err != nil {
		return nil, err
	}
	if added != nil {
		if err := e.readAddedTokens(added); err != nil {
			return nil, err
		}
	}
	if err := e.indexAddedTokens(name); err != nil {
		return nil, err
	}
	if postProcessor != nil {
		if e.template, err = readTemplate(postProcessor, func(id int32) bool { _, ok := e.token(id); return ok }); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func readVersion(c *cursor) error {
	version, err := c.string()
	if err == nil && string(version) != "1.0" {
		err = c.errorf("found %q, want the version \"1.0\"", shorten(string(version)))
	}
	return err
}

// readModel reads model.
func readModel(c *cursor) (model, error) {
	const supported = "BPE, WordPiece"
	kind, err := c.component(supported)
	if err != nil {
		return nil, err
	}
	switch kind {
	case "BPE":
		return readBPE(c)
	case "WordPiece":
		return readWordPiece(c)
	}
	return nil, c.errorf("the model %q is not supported; supported: %s", shorten(kind), supported)
}

// unused reads an option that must have one of the values that switch it off.
func unused(c *cursor, off ...string) error {
	value, err := c.value()
	if err == nil && !slices.Contains(off, string(value)) {
		err = c.errorf("found %s; supported: %s", describe(value), strings.Join(off, ", "))
	}
	return err
}

// readPreTokenizer reads pre_tokenizer, which must be one that goes with the
// model and the normalizers.
func (e *encoder) readPreTokenizer(c *cursor) error {
	_, fallback := e.model.(*fallbackBPE)
	if fallback && c.isNull() {
		e.preTokenizer = wholeText{}
		return nil
	}
	supported := "ByteLevel"
	if fallback {
		supported = "Split"
	} else if _, ok := e.model.(*wordPiece); ok {
		supported = "BertPreTokenizer"
	}
	kind, err := c.component(supported)
	if err != nil {
		return err
	}
	if kind != supported {
		return c.errorf("the pre-tokenizer %q is not supported with this model; supported: %s", shorten(kind), supported)
	}
	if kind == "Split" {
		e.preTokenizer, err = readSplit(c, e.normalizers)
		return err
	}
	chinese := false
	for _, n := range e.normalizers {
		switch n := n.(type) {
		case replaced:
			return c.errorf("the normalizer Replace is not supported with %s", kind)
		case bertNormalizer:
			if kind == "ByteLevel" {
				return c.errorf("the normalizer BertNormalizer is not supported with %s", kind)
			}
			chinese = chinese || n.chinese
		}
	}
	if kind == "BertPreTokenizer" {
		e.preTokenizer = bertPreTokenizer{chinese}
		return c.fields(field{name: "type", read: c.skipped})
	}
	var p byteLevel
	e.prefixSpace, p.regex, err = readByteLevel(c)
	e.preTokenizer = p
	return err
}

// readByteLevel reads a ByteLevel component. Its trim_offsets does not concern
// the tokens.
func readByteLevel(c *cursor) (prefixSpace, regex bool, err error) {
	regex = true
	err = c.fields(
		field{name: "type", read: c.skipped},
		field{name: "add_prefix_space", read: func() (err error) { prefixSpace, err = c.boolean(); return err }},
		field{name: "trim_offsets", optional: true, read: func() error { _, err := c.boolean(); return err }},
		field{name: "use_regex", optional: true, read: func() (err error) { regex, err = c.boolean(); return err }},
	)
	return prefixSpace, regex, err
}
