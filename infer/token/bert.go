package token

import (
	"slices"
	"unicode/utf8"
)

// A bertNormalizer is the normalizer BertNormalizer. Its steps are those of
// huggingface/tokenizers, normalizers/bert.rs, in this order; what they do to
// a character does not depend on others, except that marks are put into
// canonical order.
type bertNormalizer struct {
	clean   bool // delete control characters and make white space U+0020
	chinese bool // put spaces around ideographs
	strip   bool // decompose and delete nonspacing marks
	lower   bool
}

func (n bertNormalizer) apply(dst *layer, src []byte, w *composer) bool {
	d := characters()
	dst.text = slices.Grow(dst.text, len(src))
	for i := 0; i < len(src); {
		if src[i] < utf8.RuneSelf {
			i += n.ascii(dst, src[i:])
			continue
		}
		r, size := utf8.DecodeRune(src[i:])
		t := d.of(r)
		switch {
		case n.clean && t&vanishes != 0:
			dst.block(0, size)
		case n.clean && t&blank != 0:
			dst.text = append(dst.text, ' ')
			dst.replace(size)
		case n.chinese && t&ideograph != 0:
			if n.strip && t&decomposes != 0 { // into another ideograph
				r, _ = utf8.DecodeRuneInString(d.decomp[r])
			}
			dst.text = append(utf8.AppendRune(append(dst.text, ' '), r), ' ')
			dst.replace(size)
		case n.strip && t&(decomposes|combines|nonspacing) != 0:
			size = n.stripSegment(dst, src[i:], w)
		case n.lower && r == 'İ':
			dst.text = append(dst.text, "i\u0307"...)
			dst.replace(size)
		case n.lower && t&capital != 0:
			low := d.lower[r]
			dst.text = utf8.AppendRune(dst.text, low)
			if utf8.RuneLen(low) == size {
				dst.plain(size)
			} else {
				dst.replace(size)
			}
		default:
			dst.copy(src[i : i+size])
		}
		i += size
	}
	return true
}

// ascii appends what becomes of the ASCII characters at the beginning of src
// and returns how many there are.
func (n bertNormalizer) ascii(dst *layer, src []byte) int {
	from, i := 0, 0
	for ; i < len(src) && src[i] < utf8.RuneSelf; i++ {
		c := src[i]
		switch {
		case n.clean && (c == '\t' || c == '\n' || c == '\r'):
			c = ' '
		case n.clean && (c < ' ' || c == 0x7F):
			dst.plain(i - from)
			dst.block(0, 1)
			from = i + 1
			continue
		case n.lower:
			c = lowerASCII(c)
		}
		dst.text = append(dst.text, c)
	}
	dst.plain(i - from)
	return i
}

// inherited marks a character of a decomposition that is not its first one.
const inherited = 1 << 24

// stripSegment appends what becomes of the first character of src and all
// marks that follow it, and returns how many bytes they are.
//
// As to where a character comes from, it does as huggingface/tokenizers does:
// decompositions are put into canonical order first, and then every character
// but an inherited one takes the next one of the source as its origin.
func (n bertNormalizer) stripSegment(dst *layer, src []byte, w *composer) int {
	d := characters()
	w.runes, w.classes = w.runes[:0], w.classes[:0]
	size := 0
	for size < len(src) {
		r, width := utf8.DecodeRune(src[size:])
		t := d.of(r)
		if !(n.clean && t&vanishes != 0) {
			if size > 0 && (t&(decomposes|combines) == 0 || d.firstClass(r) == 0) {
				break
			}
			from := len(w.runes)
			w.runes = d.appendDecomposed(w.runes, r)
			for i, part := range w.runes[from:] {
				w.classes = append(w.classes, d.classOf(part))
				if i > 0 {
					w.runes[from+i] |= inherited
				}
			}
		}
		size += width
	}
	w.order()

	start, end := 0, 0 // of the origin
	for _, r := range w.runes {
		if r&inherited == 0 {
			if end > start {
				dst.replace(end - start)
			}
			start, end = n.nextKept(dst, src, end)
		}
		r &^= inherited
		if d.of(r)&nonspacing != 0 {
			continue
		}
		if n.lower {
			r = d.lowerRust(r)
		}
		dst.text = utf8.AppendRune(dst.text, r)
	}
	dst.replace(end - start)
	if end < size {
		dst.block(0, size-end)
	}
	return size
}

// nextKept returns the bounds of the first character from a position on that
// cleaning does not delete, and deletes what is before it.
func (n bertNormalizer) nextKept(dst *layer, src []byte, at int) (start, end int) {
	for {
		r, width := utf8.DecodeRune(src[at:])
		if !n.clean || characters().of(r)&vanishes == 0 {
			return at, at + width
		}
		dst.block(0, width)
		at += width
	}
}

func (n bertNormalizer) settled(r rune) (first, last rune, ok bool) {
	t := characters().of(r)
	switch {
	case n.clean && (t&vanishes != 0 || t&blank != 0 && r != ' '),
		n.strip && t&(decomposes|combines|nonspacing) != 0:
		return 0, 0, false
	case n.chinese && t&ideograph != 0:
		return ' ', ' ', true
	}
	return r, r, true
}

// A bertPreTokenizer is the pre-tokenizer BertPreTokenizer: pre-tokens are
// single punctuation marks and what is between these and white space.
type bertPreTokenizer struct {
	chinese bool // the normalizer puts spaces around ideographs
}

func (p bertPreTokenizer) next(text []byte) (from, to int) {
	d := characters()
	for from < len(text) {
		r, size := utf8.DecodeRune(text[from:])
		switch t := d.of(r); {
		case t&blank != 0:
			from += size
			continue
		case t&isolated != 0:
			return from, from + size
		}
		to = from + size
		for to < len(text) {
			r, size := utf8.DecodeRune(text[to:])
			if d.of(r)&(blank|isolated) != 0 {
				break
			}
			to += size
		}
		return from, to
	}
	return from, from
}

// White space belongs together: an added token may take it.
func (p bertPreTokenizer) cut(_, last, next rune) cut {
	separate := isolated
	if p.chinese {
		separate |= ideograph
	}
	d := characters()
	left, right := d.of(last), d.of(next)
	switch {
	case left&blank != 0:
		return never
	case right&blank != 0 || (left|right)&separate != 0:
		return between
	}
	return inside
}

// readBertNormalizer reads a BertNormalizer.
func readBertNormalizer(c *cursor) (normalizer, error) {
	n := bertNormalizer{}
	stripSaid := false
	err := c.fields(
		field{name: "type", read: c.skipped},
		field{name: "clean_text", read: func() (err error) { n.clean, err = c.boolean(); return err }},
		field{name: "handle_chinese_chars", read: func() (err error) { n.chinese, err = c.boolean(); return err }},
		field{name: "strip_accents", read: func() (err error) {
			if c.isNull() {
				return c.skipped()
			}
			stripSaid = true
			n.strip, err = c.boolean()
			return err
		}},
		field{name: "lowercase", read: func() (err error) { n.lower, err = c.boolean(); return err }},
	)
	if !stripSaid {
		n.strip = n.lower
	}
	return n, err
}
