package token

import (
	"bytes"
	"fmt"
)

// readBPE reads a model of type BPE: with byte_fallback a fallbackBPE, or else a
// byteLevelBPE, without the options that other kinds of BPE have.
func readBPE(c *cursor) (model, error) {
	var core bpe
	var merges *cursor
	var unknown string
	var fuse, fallback, ignoreMerges bool
	flag := func(value *bool) func() error {
		return func() (err error) {
			if c.isNull() {
				return c.skipped()
			}
			*value, err = c.boolean()
			return err
		}
	}
	err := c.fields(
		field{name: "type", read: c.skipped},
		field{name: "dropout", optional: true, read: func() error { return unused(c, "null", "0", "0.0") }},
		field{name: "unk_token", optional: true, read: func() error {
			if c.isNull() {
				return c.skipped()
			}
			text, err := c.string()
			unknown = string(text)
			return err
		}},
		field{name: "continuing_subword_prefix", optional: true, read: func() error { return unused(c, "null", `""`) }},
		field{name: "end_of_word_suffix", optional: true, read: func() error { return unused(c, "null", `""`) }},
		field{name: "fuse_unk", optional: true, read: flag(&fuse)},
		field{name: "byte_fallback", optional: true, read: flag(&fallback)},
		field{name: "ignore_merges", optional: true, read: flag(&ignoreMerges)},
		field{name: "vocab", read: func() (err error) { core.vocab, err = readVocabulary(c); return err }},
		field{name: "merges", read: c.later(&merges)},
	)
	if err != nil {
		return nil, err
	}

	if fallback {
		if ignoreMerges {
			return nil, c.member("ignore_merges").errorf("found true; supported with byte_fallback: false")
		}
		b := &fallbackBPE{bpe: core, fuse: fuse}
		if err := b.index(unknown); err != nil {
			return nil, c.errorf("%v", err)
		}
		if err := b.readMerges(merges); err != nil {
			return nil, err
		}
		if err := b.checkMerges(); err != nil {
			return nil, merges.errorf("%v", err)
		}
		return b, nil
	}
	const without = "found %s; supported without byte_fallback: %s"
	switch {
	case unknown != "":
		return nil, c.member("unk_token").errorf(without, fmt.Sprintf("%q", shorten(unknown)), "null")
	case fuse:
		return nil, c.member("fuse_unk").errorf(without, "true", "false")
	}
	b := &byteLevelBPE{bpe: core, ignoreMerges: ignoreMerges}
	if err := b.indexBytes(c.member("vocab")); err != nil {
		return nil, err
	}
	return b, b.readMerges(merges)
}

// indexBytes finds the one-byte tokens, how many bytes every token stands for,
// and the pairs of bytes inside tokens.
func (b *byteLevelBPE) indexBytes(c *cursor) error {
	for i := range b.bytes {
		b.bytes[i] = b.vocab.lookup(appendByteLevel(nil, []byte{byte(i)}))
		if b.bytes[i] < 0 && usedByUTF8(i) {
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
