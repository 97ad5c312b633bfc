package token

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// A replaced is the normalizer Replace: one character for another.
type replaced struct{ old, new rune }

func (n replaced) apply(dst *layer, src []byte, _ *composer) bool {
	var old, new [utf8.UTFMax]byte
	oldSize, newSize := utf8.EncodeRune(old[:], n.old), utf8.EncodeRune(new[:], n.new)
	at := bytes.Index(src, old[:oldSize])
	if at < 0 {
		return false
	}
	dst.text = slices.Grow(dst.text, len(src))
	for at >= 0 {
		dst.copy(src[:at])
		dst.text = append(dst.text, new[:newSize]...)
		dst.replace(oldSize)
		src = src[at+oldSize:]
		at = bytes.Index(src, old[:oldSize])
	}
	dst.copy(src)
	return true
}

func (n replaced) settled(r rune) (first, last rune, ok bool) {
	if r == n.old {
		return n.new, n.new, true
	}
	return r, r, true
}

// readReplace reads {"pattern": {"String": " "}, "content": "▁"}.
func readReplace(c *cursor) (normalizer, error) {
	var n replaced
	character := func(r *rune) func() error {
		return func() error {
			text, err := c.string()
			if err != nil {
				return err
			}
			var size int
			if *r, size = utf8.DecodeRune(text); size == 0 || size != len(text) {
				return c.errorf("found %q, want one character", shorten(string(text)))
			}
			return nil
		}
	}
	err := c.fields(
		field{name: "type", read: c.skipped},
		field{name: "pattern", read: func() error { return c.fields(field{name: "String", read: character(&n.old)}) }},
		field{name: "content", read: character(&n.new)},
	)
	return n, err
}

// wholeText is no pre-tokenizer, or one without effect.
type wholeText struct{}

func (wholeText) next(text []byte) (from, to int) { return 0, len(text) }

// White space belongs together: an added token may take it.
func (wholeText) cut(_, last, _ rune) cut {
	if classOf(last) == space {
		return never
	}
	return inside
}

// readSplit reads the pre-tokenizer Split at a character that the normalizer
// leaves none of, which is without effect.
func readSplit(c *cursor, normalizers []normalizer) (preTokenizer, error) {
	gone := func() error {
		text, err := c.string()
		if err != nil {
			return err
		}
		r, _ := utf8.DecodeRune(text)
		if string(r) != string(text) || !slices.ContainsFunc(normalizers, func(n normalizer) bool {
			replace, ok := n.(replaced)
			return ok && replace.old == r && replace.new != r
		}) {
			return c.errorf("found %q; supported is only what the normalizer replaces", shorten(string(text)))
		}
		return nil
	}
	err := c.fields(
		field{name: "type", read: c.skipped},
		field{name: "pattern", read: func() error { return c.fields(field{name: "String", read: gone}) }},
		field{name: "behavior", read: c.skipped},
		field{name: "invert", optional: true, read: func() error { return unused(c, "false") }},
	)
	return wholeText{}, err
}
