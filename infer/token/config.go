package token

import (
	"bytes"
	"fmt"
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

	e := &encoder{
		minChunk:       defaultChunk,
		addedByContent: map[string]*addedToken{},
		addedByID:      map[int32]*addedToken{},
	}
	if e.bpe, err = readModel(model); err != nil {
		return nil, err
	}
	tokens := e.bpe.vocab.tokens
	e.size = int(tokens[len(tokens)-1].id) + 1
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
	e.indexAddedTokens()
	if err := e.checkPatterns(c); err != nil {
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

// readModel reads model: a byte-level BPE without the options that other kinds
// of BPE have.
func readModel(c *cursor) (*bpe, error) {
	kind, err := c.component("BPE")
	if err != nil {
		return nil, err
	}
	if kind != "BPE" {
		return nil, c.errorf("the model %q is not supported; supported: BPE", shorten(kind))
	}
	var merges *cursor // if they come before the vocabulary
	b := &bpe{}
	err = c.fields(
		field{name: "type", read: c.skipped},
		field{name: "dropout", optional: true, read: func() error { return unused(c, "null", "0", "0.0") }},
		field{name: "unk_token", optional: true, read: func() error { return unused(c, "null") }},
		field{name: "continuing_subword_prefix", optional: true, read: func() error { return unused(c, "null", `""`) }},
		field{name: "end_of_word_suffix", optional: true, read: func() error { return unused(c, "null", `""`) }},
		field{name: "fuse_unk", optional: true, read: func() error { return unused(c, "null", "false") }},
		field{name: "byte_fallback", optional: true, read: func() error { return unused(c, "null", "false") }},
		field{name: "ignore_merges", optional: true, read: func() (err error) {
			if c.isNull() {
				return c.skipped()
			}
			b.ignoreMerges, err = c.boolean()
			return err
		}},
		field{name: "vocab", read: func() (err error) {
			if b.vocab, err = readVocabulary(c); err == nil {
				err = b.indexBytes(c)
			}
			return err
		}},
		field{name: "merges", read: func() error {
			if b.vocab == nil {
				return c.later(&merges)()
			}
			return b.readMerges(c)
		}},
	)
	if err == nil && merges != nil {
		err = b.readMerges(merges)
	}
	return b, err
}

// unused reads an option that must have one of the values that switch it off.
func unused(c *cursor, off ...string) error {
	value, err := c.value()
	if err == nil && !slices.Contains(off, string(value)) {
		err = c.errorf("found %s; supported: %s", describe(value), strings.Join(off, ", "))
	}
	return err
}

// indexBytes finds the one-byte tokens and the pairs of bytes inside tokens.
func (b *bpe) indexBytes(c *cursor) error {
	for i := range b.bytes {
		b.bytes[i] = b.vocab.lookup(appendByteLevel(nil, []byte{byte(i)}))
		inUTF8 := i < 0xC0 || i >= 0xC2 && i <= 0xF4
		if inUTF8 && b.bytes[i] < 0 {
			return c.errorf("there is no token %q for the byte 0x%02X, want one for each byte of UTF-8 text", byteLetter[i], i)
		}
	}
	for i, t := range b.vocab.tokens {
		b.widest = max(b.widest, int(t.width))
		if t.width < 2 {
			continue
		}
		previous := int16(-1)
		for _, r := range b.vocab.literal(int32(i)) {
			if previous >= 0 {
				b.joined.add(byte(previous), byte(letterByte[r]))
			}
			previous = letterByte[r]
		}
	}
	return nil
}

// readMerges reads model.merges: strings "a b" or lists ["a", "b"].
func (b *bpe) readMerges(c *cursor) error {
	asStrings := false
	var pair [2][]byte
	var joined []byte

	b.merges = newMergeTable(len(b.vocab.tokens)) // about as many as there are tokens
	return c.list(func(i int) error {
		if i == 0 {
			asStrings = c.kind() == '"'
		}
		if asStrings != (c.kind() == '"') {
			return c.wrong("merges that are either all strings or all lists")
		}
		if asStrings {
			text, err := c.string()
			if err != nil {
				return err
			}
			if bytes.HasPrefix(text, []byte("#version")) {
				return nil // a line of merges.txt that is not a merge
			}
			left, right, ok := bytes.Cut(text, []byte{' '})
			if !ok || bytes.IndexByte(right, ' ') >= 0 {
				return c.errorf("found %q, want two tokens with one space between", shorten(string(text)))
			}
			pair[0] = append(pair[0][:0], left...)
			pair[1] = append(pair[1][:0], right...)
		} else if err := readPair(c, &pair); err != nil {
			return err
		}

		joined = append(append(joined[:0], pair[0]...), pair[1]...)
		left, right, result := b.vocab.lookup(pair[0]), b.vocab.lookup(pair[1]), b.vocab.lookup(joined)
		for _, part := range []struct {
			index   int32
			literal []byte
		}{{left, pair[0]}, {right, pair[1]}, {result, joined}} {
			if part.index < 0 {
				return c.errorf("the token %q is not in model.vocab", shorten(string(part.literal)))
			}
		}
		if b.vocab.tokens[left].width == 0 || b.vocab.tokens[right].width == 0 {
			b.merges.addDead()
			return nil
		}
		b.merges.add(left, right, result)
		return nil
	})
}

func readPair(c *cursor, pair *[2][]byte) error {
	n := 0
	err := c.list(func(i int) error {
		text, err := c.string()
		if err == nil && i < 2 {
			pair[i] = append(pair[i][:0], text...)
		}
		n++
		return err
	})
	if err == nil && n != 2 {
		err = c.errorf("found a list of %d, want two tokens", n)
	}
	return err
}

// readNormalizer reads normalizer: the steps in order.
func readNormalizer(c *cursor) ([]normalizer, error) {
	if c.isNull() {
		return nil, c.skipped()
	}
	const supported = "null, NFC, Lowercase or a Sequence of these"
	kind, err := c.component(supported)
	if err != nil {
		return nil, err
	}
	if kind != "Sequence" {
		step, err := readNormalizerStep(c, kind, supported)
		return []normalizer{step}, err
	}
	var steps []normalizer
	err = c.fields(
		field{name: "type", read: c.skipped},
		field{name: "normalizers", read: func() error {
			return c.list(func(i int) error {
				const supported = "NFC, Lowercase"
				inside, err := c.inside()
				if err != nil {
					return err
				}
				if i == maxNormalizers {
					return inside.errorf("there are more than %d normalizers", maxNormalizers)
				}
				kind, err := inside.component(supported)
				if err != nil {
					return err
				}
				step, err := readNormalizerStep(inside, kind, supported)
				steps = append(steps, step)
				return err
			})
		}})
	return steps, err
}

func readNormalizerStep(c *cursor, kind, supported string) (normalizer, error) {
	var step normalizer
	switch kind {
	case "NFC":
		step = composeNFC
	case "Lowercase":
		step = lowercase
	default:
		return 0, c.errorf("the normalizer %q is not supported; supported: %s", shorten(kind), supported)
	}
	return step, c.fields(field{name: "type", read: c.skipped})
}

func (e *encoder) readPreTokenizer(c *cursor) error {
	const supported = "ByteLevel"
	kind, err := c.component(supported)
	if err != nil {
		return err
	}
	if kind != "ByteLevel" {
		return c.errorf("the pre-tokenizer %q is not supported; supported: %s", shorten(kind), supported)
	}
	e.prefixSpace, e.regex, err = readByteLevel(c)
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

// readAddedTokens reads added_tokens.
func (e *encoder) readAddedTokens(c *cursor) error {
	return c.list(func(int) error {
		t := &addedToken{}
		err := c.fields(
			field{name: "id", read: func() (err error) { t.id, err = c.id(); return err }},
			field{name: "content", read: func() error {
				content, err := c.string()
				if err == nil && (len(content) == 0 || len(content) > maxAddedToken) {
					err = c.errorf("is %d bytes long, want 1 to %d", len(content), maxAddedToken)
				}
				t.content = string(content)
				return err
			}},
			field{name: "single_word", read: func() (err error) { t.singleWord, err = c.boolean(); return err }},
			field{name: "lstrip", read: func() (err error) { t.lstrip, err = c.boolean(); return err }},
			field{name: "rstrip", read: func() (err error) { t.rstrip, err = c.boolean(); return err }},
			field{name: "normalized", read: func() (err error) { t.normalized, err = c.boolean(); return err }},
			field{name: "special", read: func() error { _, err := c.boolean(); return err }},
		)
		if err != nil {
			return err
		}
		if err := e.checkAddedToken(c, t); err != nil {
			return err
		}
		e.addedByContent[t.content] = t
		e.addedByID[t.id] = t
		e.size = max(e.size, int(t.id)+1)
		return nil
	})
}

// checkAddedToken compares the id of an added token with the one that
// huggingface/tokenizers would give it, which does not look at the file's: its
// id in the vocabulary, or else the next free one. Where the two disagree the
// file is damaged, and which id the model was trained with is anyone's guess.
func (e *encoder) checkAddedToken(c *cursor, t *addedToken) error {
	if e.addedByContent[t.content] != nil {
		return c.errorf("the token %q is there twice", shorten(t.content))
	}
	if other, taken := e.addedByID[t.id]; taken {
		return c.errorf("the tokens %q and %q both have id %d", shorten(other.content), shorten(t.content), t.id)
	}
	vocab := e.bpe.vocab
	if index := vocab.lookup([]byte(t.content)); index >= 0 {
		if id := vocab.tokens[index].id; id != t.id {
			return c.errorf("the token %q has id %d here and %d in model.vocab", shorten(t.content), t.id, id)
		}
		return nil
	}
	if index := vocab.byID(t.id); index >= 0 {
		return c.errorf("the tokens %q and %q of model.vocab both have id %d", shorten(t.content), shorten(vocab.literal(index)), t.id)
	}
	if int(t.id) > e.size {
		return c.errorf("the token %q has id %d, want the next free one, %d", shorten(t.content), t.id, e.size)
	}
	return nil
}

// checkPatterns refuses two added tokens that look for the same text.
func (e *encoder) checkPatterns(c *cursor) error {
	for _, set := range []*addedSet{e.raw, e.normalized} {
		for i := 1; i < len(set.tokens); i++ {
			if a, b := set.tokens[i-1], set.tokens[i]; a.pattern == b.pattern {
				return fmt.Errorf("token: %s: added_tokens: %q and %q are the same text %q after the normalizer",
					c.name, shorten(a.content), shorten(b.content), shorten(a.pattern))
			}
		}
	}
	return nil
}
