package weights

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf16"
)

// maxName caps the names in a header, in bytes. The longest tensor name of a
// known model has about 80.
const maxName = 1024

// header is a cursor over the JSON header of a safetensors file. It reads just
// the JSON that such a header consists of: an object of objects of strings and
// integer arrays. Unlike encoding/json it copies nothing that it doesn't have
// to, so a header of 100 MB costs no more memory than the file itself, and a
// tokenizer in the metadata is decoded only once somebody asks for it.
type header struct {
	text []byte // valid UTF-8
	pos  int
}

// next skips white space and returns the byte at the cursor, 0 at the end.
func (h *header) next() byte {
	for h.pos < len(h.text) {
		switch c := h.text[h.pos]; c {
		case ' ', '\t', '\n', '\r':
			h.pos++
		default:
			return c
		}
	}
	return 0
}

// errorf returns an error about the byte at the cursor.
func (h *header) errorf(format string, args ...any) error {
	return fmt.Errorf("header byte %d: %s", h.pos, fmt.Sprintf(format, args...))
}

// expected returns the error of finding something other than what.
func (h *header) expected(what string) error {
	if h.pos >= len(h.text) {
		return h.errorf("expected %s, found the end", what)
	}
	return h.errorf("expected %s, found %q", what, h.text[h.pos])
}

// token moves past the punctuation c.
func (h *header) token(c byte) error {
	if h.next() != c {
		return h.expected(fmt.Sprintf("%q", c))
	}
	h.pos++
	return nil
}

// object reads an object. It calls member with each key, the cursor at the
// key's value, which member must read.
func (h *header) object(member func(key string) error) error {
	if err := h.token('{'); err != nil {
		return err
	}
	if h.next() == '}' {
		h.pos++
		return nil
	}
	for {
		key, err := h.name()
		if err != nil {
			return err
		}
		if err := h.token(':'); err != nil {
			return err
		}
		if err := member(key); err != nil {
			return err
		}
		switch h.next() {
		case ',':
			h.pos++
		case '}':
			h.pos++
			return nil
		default:
			return h.expected("',' or '}'")
		}
	}
}

// integers reads an array of at most limit non-negative integers.
func (h *header) integers(limit int) ([]int, error) {
	if err := h.token('['); err != nil {
		return nil, err
	}
	list := []int{}
	if h.next() == ']' {
		h.pos++
		return list, nil
	}
	for {
		if len(list) == limit {
			return nil, h.errorf("more than %d integers", limit)
		}
		n, err := h.integer()
		if err != nil {
			return nil, err
		}
		list = append(list, n)
		switch h.next() {
		case ',':
			h.pos++
		case ']':
			h.pos++
			return list, nil
		default:
			return nil, h.expected("',' or ']'")
		}
	}
}

// integer reads a non-negative integer that fits an int.
func (h *header) integer() (int, error) {
	h.next()
	digits := h.text[h.pos:]
	for i, c := range digits {
		if c < '0' || c > '9' {
			digits = digits[:i]
			break
		}
	}
	if len(digits) == 0 || len(digits) > 1 && digits[0] == '0' {
		return 0, h.expected("a non-negative integer")
	}
	if len(digits) > len("9223372036854775807") {
		return 0, h.errorf("an integer of %d digits is too large", len(digits))
	}
	n, err := strconv.Atoi(string(digits))
	if err != nil {
		return 0, h.errorf("integer %s is too large", digits)
	}
	h.pos += len(digits)
	return n, nil
}

// name reads a string of at most maxName bytes, decoded.
func (h *header) name() (string, error) {
	raw, err := h.literal()
	if err != nil {
		return "", err
	}
	if len(raw) > maxName {
		return "", h.errorf("a name of %d bytes is longer than the %d allowed", len(raw), maxName)
	}
	return string(unquote(raw)), nil
}

// literal moves past a string and returns it as it stands between its quotes,
// with every escape checked: unquote accepts it.
func (h *header) literal() ([]byte, error) {
	if h.next() != '"' {
		return nil, h.expected("a string")
	}
	h.pos++
	start := h.pos
	for h.pos < len(h.text) {
		switch c := h.text[h.pos]; {
		case c == '"':
			h.pos++
			return h.text[start : h.pos-1], nil
		case c == '\\':
			_, n := escape(h.text[h.pos:])
			if n == 0 {
				return nil, h.errorf("invalid escape in a string")
			}
			h.pos += n
		case c < ' ':
			return nil, h.errorf("control character %q in a string", c)
		default:
			h.pos++
		}
	}
	return nil, h.expected("the end of a string")
}

// unquote decodes the inside of a JSON string that literal has checked.
func unquote(raw []byte) []byte {
	text := make([]byte, 0, len(raw))
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return append(text, raw...)
		}
		text = append(text, raw[:i]...)
		r, n := escape(raw[i:])
		text = append(text, string(r)...)
		raw = raw[i+n:]
	}
}

// escape decodes the escape sequence at the start of s, where a backslash is,
// and returns the sequence's length. The length is 0 for an invalid sequence,
// which half a surrogate pair is too.
func escape(s []byte) (rune, int) {
	if len(s) < 2 {
		return 0, 0
	}
	switch s[1] {
	case '"', '\\', '/':
		return rune(s[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	}
	r, ok := codeUnit(s)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	low, ok := codeUnit(s[6:])
	if !ok {
		return 0, 0
	}
	r = utf16.DecodeRune(r, low)
	if r == unicode.ReplacementChar {
		return 0, 0
	}
	return r, 12
}

// codeUnit decodes the \uXXXX at the start of s.
func codeUnit(s []byte) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	u, err := strconv.ParseUint(string(s[2:6]), 16, 16)
	return rune(u), err == nil
}
