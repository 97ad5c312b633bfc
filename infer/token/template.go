package token

// A template is what stands before and after the tokens of a single text.
type template struct{ prefix, suffix []int32 }

// readTemplate reads post_processor. known says whether a token id exists.
func readTemplate(c *cursor, known func(id int32) bool) (template, error) {
	if c.isNull() {
		return template{}, c.skipped()
	}
	const supported = "null, TemplateProcessing, BertProcessing, ByteLevel or a Sequence of these"
	kind, err := c.component(supported)
	if err != nil {
		return template{}, err
	}
	if kind != "Sequence" {
		return readProcessor(c, kind, supported, known)
	}
	var all template
	err = c.fields(
		field{name: "type", read: c.skipped},
		field{name: "processors", read: func() error {
			return c.list(func(int) error {
				const supported = "TemplateProcessing, BertProcessing, ByteLevel"
				step, err := c.inside()
				if err != nil {
					return err
				}
				kind, err := step.component(supported)
				if err != nil {
					return err
				}
				t, err := readProcessor(step, kind, supported, known)
				all.prefix = append(t.prefix, all.prefix...)
				all.suffix = append(all.suffix, t.suffix...)
				return err
			})
		}})
	return all, err
}

func readProcessor(c *cursor, kind, supported string, known func(id int32) bool) (template, error) {
	switch kind {
	case "TemplateProcessing":
		return readTemplateProcessing(c, known)
	case "BertProcessing":
		return readBertProcessing(c, known)
	case "ByteLevel":
		// It only moves offsets from white space to the text beside it, which
		// this package does not do.
		_, _, err := readByteLevel(c)
		return template{}, err
	}
	return template{}, c.errorf("the post-processor %q is not supported; supported: %s", shorten(kind), supported)
}

// readBertProcessing reads {"sep": ["[SEP]", 102], "cls": ["[CLS]", 101]}.
func readBertProcessing(c *cursor, known func(id int32) bool) (template, error) {
	var t template
	token := func(ids *[]int32) func() error {
		return func() error {
			n := 0
			err := c.list(func(i int) error {
				if n++; i != 1 {
					_, err := c.string()
					return err
				}
				id, err := c.id()
				if err == nil && !known(id) {
					err = c.errorf("there is no token with id %d", id)
				}
				*ids = []int32{id}
				return err
			})
			if err == nil && n != 2 {
				err = c.errorf("found a list of %d, want a token and its id", n)
			}
			return err
		}
	}
	err := c.fields(
		field{name: "type", read: c.skipped},
		field{name: "sep", read: token(&t.suffix)},
		field{name: "cls", read: token(&t.prefix)},
	)
	return t, err
}

func readTemplateProcessing(c *cursor, known func(id int32) bool) (template, error) {
	var single, special *cursor
	err := c.fields(
		field{name: "type", read: c.skipped},
		field{name: "single", read: c.later(&single)},
		field{name: "pair", optional: true, read: c.skipped},
		field{name: "special_tokens", read: c.later(&special)},
	)
	if err != nil {
		return template{}, err
	}

	ids, err := readTemplateTokens(special, known)
	if err != nil {
		return template{}, err
	}

	var t template
	seen := false
	err = single.list(func(int) error {
		kind, id, err := readTemplatePiece(single)
		if err != nil {
			return err
		}
		if kind == "Sequence" {
			if id != "A" || seen {
				return single.errorf("found the sequence %q, want the sequence \"A\" exactly once", shorten(id))
			}
			seen = true
			return nil
		}
		tokens, ok := ids[id]
		if !ok {
			return single.errorf("the special token %q is not in special_tokens", shorten(id))
		}
		if seen {
			t.suffix = append(t.suffix, tokens...)
		} else {
			t.prefix = append(t.prefix, tokens...)
		}
		return nil
	})
	if err == nil && !seen {
		err = single.errorf(`the sequence "A" is missing`)
	}
	return t, err
}

// readTemplatePiece reads {"SpecialToken": {"id": …}} or {"Sequence": {"id": …}}.
func readTemplatePiece(c *cursor) (kind, id string, err error) {
	piece := func() error {
		return c.fields(
			field{name: "id", read: func() error {
				text, err := c.string()
				id = string(text)
				return err
			}},
			field{name: "type_id", optional: true, read: c.skipped},
		)
	}
	named := func(name string) field {
		return field{name: name, optional: true, read: func() error {
			if kind != "" {
				return c.errorf("a piece is either a SpecialToken or a Sequence")
			}
			kind = name
			return piece()
		}}
	}
	if err = c.fields(named("SpecialToken"), named("Sequence")); err == nil && kind == "" {
		err = c.errorf("a piece is either a SpecialToken or a Sequence, found neither")
	}
	return kind, id, err
}

// readTemplateTokens reads the special tokens of a template: ids by name.
func readTemplateTokens(c *cursor, known func(id int32) bool) (map[string][]int32, error) {
	tokens := map[string][]int32{}
	err := c.object(func(key []byte) error {
		name := string(key)
		if _, twice := tokens[name]; twice {
			return c.errorf("is there twice")
		}
		var ids []int32
		err := c.fields(
			field{name: "id", read: c.skipped},
			field{name: "tokens", read: c.skipped},
			field{name: "ids", read: func() error {
				return c.list(func(int) error {
					id, err := c.id()
					if err == nil && !known(id) {
						err = c.errorf("there is no token with id %d", id)
					}
					ids = append(ids, id)
					return err
				})
			}})
		tokens[name] = ids
		return err
	})
	return tokens, err
}
