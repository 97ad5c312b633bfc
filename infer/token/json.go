package token

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A cursor reads a JSON text front to back without building a tree of it: a
// tokenizer.json is two megabytes of vocabulary and merges that go straight
// into tables. It knows where in the document it stands, so that every error
// names the place.
//
// The text was validated before (newCursor), which is why the methods look at
// types and values only and never at syntax.
type cursor struct {
	name string // of the file, for errors
	data []byte
	pos  int
	path []pathStep
	buf  []byte // holds the last string that contained escapes
}

// A pathStep is one object key, as written in the file, or one array index.
type pathStep struct {
	key   []byte
	index int
}

func newCursor(name string, data []byte) (*cursor, error) {
	c := &cursor{name: name, data: data}
	if len(data) > maxFile {
		return nil, fmt.Errorf("token: %s: is %d bytes long, more than the %d that are supported", name, len(data), maxFile)
	}
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("token: %s: is not UTF-8 text", name)
	}
	if !json.Valid(data) {
		var syntax *json.SyntaxError
		var raw json.RawMessage
		if err := json.Unmarshal(data, &raw); errors.As(err, &syntax) {
			return nil, fmt.Errorf("token: %s: is not JSON: at byte %d: %w", name, syntax.Offset, err)
		}
		return nil, fmt.Errorf("token: %s: is not JSON", name)
	}
	c.space()
	return c, nil
}

// errorf names the file and the current place in it.
func (c *cursor) errorf(format string, args ...any) error {
	where := c.where()
	if where == "" {
		where = "top level"
	}
	return fmt.Errorf("token: %s: %s: %s", c.name, where, fmt.Sprintf(format, args...))
}

// where renders the path as in model.merges[17] or model.vocab["a b"].
func (c *cursor) where() string {
	var b strings.Builder
	for _, s := range c.path {
		switch key := string(s.key); {
		case s.key == nil:
			fmt.Fprintf(&b, "[%d]", s.index)
		case isPlainKey(key):
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(key)
		default:
			fmt.Fprintf(&b, `["%s"]`, shorten(key))
		}
	}
	return b.String()
}

func isPlainKey(key string) bool {
	for _, r := range key {
		if r != '_' && (r < 'a' || r > 'z') {
			return false
		}
	}
	return key != "" && len(key) < 40
}

// shorten keeps a message readable when the file holds something huge.
func shorten(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	cut := most
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// found describes the value at hand for an error.
func (c *cursor) found() string {
	switch c.kind() {
	case '{':
		return "an object"
	case '[':
		return "a list"
	}
	from := c.pos
	c.skip()
	raw := string(c.data[from:c.pos])
	c.pos = from
	return shorten(raw)
}

// kind is the first byte of the value at hand: one of { [ " t f n or the
// beginning of a number.
func (c *cursor) kind() byte { return c.data[c.pos] }

func (c *cursor) isNull() bool { return c.kind() == 'n' }

func (c *cursor) space() {
	for c.pos < len(c.data) {
		switch c.data[c.pos] {
		case ' ', '\t', '\n', '\r':
			c.pos++
		default:
			return
		}
	}
}

// skip passes over the value at hand.
func (c *cursor) skip() {
	depth := 0
	for c.pos < len(c.data) {
		switch c.data[c.pos] {
		case '"':
			c.rawString()
		case '{', '[':
			depth++
			c.pos++
		case '}', ']':
			depth--
			c.pos++
		case ' ', '\t', '\n', '\r', ',', ':':
			c.pos++
			continue
		default:
			c.literal()
		}
		if depth == 0 {
			return
		}
	}
}

// literal passes over a number, true, false or null and returns it.
func (c *cursor) literal() []byte {
	from := c.pos
	for c.pos < len(c.data) {
		switch c.data[c.pos] {
		case ' ', '\t', '\n', '\r', ',', ':', '}', ']':
			return c.data[from:c.pos]
		}
		c.pos++
	}
	return c.data[from:c.pos]
}

// rawString passes over a string and returns what is between the quotes,
// escapes as they are.
func (c *cursor) rawString() []byte {
	c.pos++
	from := c.pos
	for c.data[c.pos] != '"' {
		if c.data[c.pos] == '\\' {
			c.pos++
		}
		c.pos++
	}
	c.pos++
	return c.data[from : c.pos-1]
}

// text reads a string. The bytes are valid until the next string is read.
func (c *cursor) text() ([]byte, error) {
	if c.kind() != '"' {
		return nil, c.errorf("found %s, want a string", c.found())
	}
	raw := c.rawString()
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw, nil
	}
	return c.unescape(raw)
}

func (c *cursor) unescape(raw []byte) ([]byte, error) {
	out := c.buf[:0]
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			continue
		}
		i++
		switch raw[i] {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r := hexRune(raw[i+1:])
			i += 4
			if utf16.IsSurrogate(r) {
				low := rune(-1)
				if len(raw) > i+6 && raw[i+1] == '\\' && raw[i+2] == 'u' {
					low = hexRune(raw[i+3:])
				}
				if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
					return nil, c.errorf("the string %q has half of a surrogate pair, want text", shorten(string(raw)))
				}
				i += 6
			}
			out = utf8.AppendRune(out, r)
		default: // the quote, the slash and the backslash stand for themselves
			out = append(out, raw[i])
		}
	}
	c.buf = out
	return out, nil
}

// hexRune reads the four hexadecimal digits at the beginning of b.
func hexRune(b []byte) rune {
	r, err := strconv.ParseUint(string(b[:4]), 16, 16)
	if err != nil {
		return utf8.RuneError
	}
	return rune(r)
}

func (c *cursor) boolean() (bool, error) {
	if k := c.kind(); k != 't' && k != 'f' {
		return false, c.errorf("found %s, want true or false", c.found())
	}
	return c.literal()[0] == 't', nil
}

// id reads a token id.
func (c *cursor) id() (int32, error) {
	if k := c.kind(); k != '-' && (k < '0' || k > '9') {
		return 0, c.errorf("found %s, want a token id", c.found())
	}
	raw := c.literal()
	id := int32(0)
	for _, d := range raw {
		if d < '0' || d > '9' {
			return 0, c.errorf("found %s, want a token id: a whole number from 0 to %d", shorten(string(raw)), maxID)
		}
		if id = id*10 + int32(d-'0'); id > maxID {
			return 0, c.errorf("found %s, want a token id: a whole number from 0 to %d", shorten(string(raw)), maxID)
		}
	}
	return id, nil
}

// object reads an object: member is called at every value, with its key, and
// must read or skip the value. The key is valid until the next string is read.
func (c *cursor) object(member func(key []byte) error) error {
	if c.kind() != '{' {
		return c.errorf("found %s, want an object", c.found())
	}
	c.pos++
	c.path = append(c.path, pathStep{})
	for {
		c.space()
		switch c.data[c.pos] {
		case ',':
			c.pos++
			c.space()
		case '}':
			c.pos++
			c.path = c.path[:len(c.path)-1]
			return nil
		}
		from := c.pos
		raw := c.rawString()
		c.path[len(c.path)-1].key = raw
		after := c.pos
		c.pos = from
		key, err := c.text()
		if err != nil {
			return err
		}
		c.pos = after
		c.space()
		c.pos++ // the colon
		c.space()
		if err := member(key); err != nil {
			return err
		}
	}
}

// list reads an array: element is called at every value and must read or skip it.
func (c *cursor) list(element func(i int) error) error {
	if c.kind() != '[' {
		return c.errorf("found %s, want a list", c.found())
	}
	c.pos++
	c.path = append(c.path, pathStep{})
	for i := 0; ; i++ {
		c.space()
		switch c.data[c.pos] {
		case ',':
			c.pos++
			c.space()
		case ']':
			c.pos++
			c.path = c.path[:len(c.path)-1]
			return nil
		}
		c.path[len(c.path)-1].index = i
		if err := element(i); err != nil {
			return err
		}
	}
}

// A field is one member that an object may have.
type field struct {
	name     string
	optional bool
	read     func() error
}

// skipped is the reading of a field whose value does not matter here.
func (c *cursor) skipped() error {
	c.skip()
	return nil
}

// fields reads an object that may have exactly these members, in any order.
func (c *cursor) fields(known ...field) error {
	seen := make([]bool, len(known))
	err := c.object(func(key []byte) error {
		for i, f := range known {
			if f.name != string(key) {
				continue
			}
			if seen[i] {
				return c.errorf("is there twice")
			}
			seen[i] = true
			return f.read()
		}
		names := make([]string, len(known))
		for i, f := range known {
			names[i] = f.name
		}
		return c.errorf("is not a supported option; supported here: %s", strings.Join(names, ", "))
	})
	if err != nil {
		return err
	}
	for i, f := range known {
		if !seen[i] && !f.optional {
			return c.errorf("%q is missing", f.name)
		}
	}
	return nil
}

// component returns the "type" of the component object at hand and stays
// where it is, so that the caller can read the members that go with the type.
func (c *cursor) component(supported string) (string, error) {
	if c.kind() != '{' {
		return "", c.errorf("found %s, want a component: %s", c.found(), supported)
	}
	from, depth := c.pos, len(c.path)
	kind := ""
	err := c.object(func(key []byte) error {
		if string(key) != "type" {
			c.skip()
			return nil
		}
		value, err := c.text()
		if err != nil {
			return err
		}
		kind = string(value)
		return errTypeFound // the rest may be megabytes
	})
	if err != nil && err != errTypeFound {
		return "", err
	}
	c.pos, c.path = from, c.path[:depth]
	if err == nil {
		return "", c.errorf(`"type" is missing; supported: %s`, supported)
	}
	return kind, nil
}

var errTypeFound = errors.New("type found")

// A place is a value that is to be read later.
type place struct {
	pos  int
	path []pathStep
}

// mark remembers the value at hand and skips it.
func (c *cursor) mark(p *place) func() error {
	return func() error {
		*p = place{pos: c.pos, path: append([]pathStep(nil), c.path...)}
		c.skip()
		return nil
	}
}

// goTo returns to a remembered value; false if the file does not have it.
func (c *cursor) goTo(p place) bool {
	if p.path == nil {
		return false
	}
	c.pos, c.path = p.pos, append(c.path[:0], p.path...)
	return true
}
