package token

import "bytes"

// readBPE reads a model of type BPE.
func readBPE(c *cursor) (model, error) {
	var merges *cursor // if they come before the vocabulary
	b := &byteLevelBPE{}
	err := c.fields(
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

// indexBytes finds the one-byte tokens, how many bytes every token stands for,
// and the pairs of bytes inside tokens.
func (b *byteLevelBPE) indexBytes(c *cursor) error {
	for i := range b.bytes {
		b.bytes[i] = b.vocab.lookup(appendByteLevel(nil, []byte{byte(i)}))
		inUTF8 := i < 0xC0 || i >= 0xC2 && i <= 0xF4
		if inUTF8 && b.bytes[i] < 0 {
			return c.errorf("there is no token %q for the byte 0x%02X, want one for each byte of UTF-8 text", byteLetter[i], i)
		}
	}
	for i := range b.vocab.tokens {
		literal := b.vocab.literal(int32(i))
		width := byteLevelWidth(literal)
		b.vocab.tokens[i].width = width
		b.widest = max(b.widest, int(width))
		if width < 2 {
			continue
		}
		previous := int16(-1)
		for _, r := range literal {
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
