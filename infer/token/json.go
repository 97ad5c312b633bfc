package token

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// A cursor reads a JSON text front to back without building a tree of it: a
// tokenizer.json is two megabytes of vocabulary and merges that go straight
// into tables. Syntax is jsontext's matter; what is added here is the place in
// the document, which every error names, and the refusal of members that
// nobody asked for or that come twice.
type cursor struct {
	name    string // of the file, for errors
	at      string // where in the document the text lies, "" for all of it
	text    []byte
	decoder *jsontext.Decoder
	buf     []byte // holds the last string that contained escapes
}

// newCursor begins to read a whole file.
func newCursor(name string, data []byte) (*cursor, error) {
	if len(data) > maxFile {
		return nil, fmt.Errorf("token: %s: is %d bytes long, more than the %d that are supported", name, len(data), maxFile)
	}
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("token: %s: is not UTF-8 text", name)
	}
	return cursorAt(name, "", data), nil
}

// cursorAt begins to read a value. The decoder does not copy the text, nor
// does it change it.
func cursorAt(name, at string, text []byte) *cursor {
	// Twice the same name is found by those who read the object: a vocabulary
	// has its own table of names.
	decoder := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true))
	return &cursor{name: name, at: at, text: text, decoder: decoder}
}

// errorf names the file and the value read last.
func (c *cursor) errorf(format string, args ...any) error {
	where := c.where()
	if where == "" {
		where = "top level"
	}
	return fmt.Errorf("token: %s: %s: %s", c.name, where, fmt.Sprintf(format, args...))
}

// syntax says what jsontext found wrong with the text.
func (c *cursor) syntax(err error) error {
	var wrong *jsontext.SyntacticError
	if !errors.As(err, &wrong) {
		return fmt.Errorf("token: %s: is not JSON: %w", c.name, err)
	}
	where := ""
	if wrong.JSONPointer != "" {
		where = " in " + shorten(strings.ReplaceAll(string(wrong.JSONPointer[1:]), "/", "."))
	}
	return fmt.Errorf("token: %s: is not JSON: at byte %d%s: %w", c.name, wrong.ByteOffset+1, where, wrong.Err)
}

// where renders the place of the value read last, as in model.merges[17] or
// model.vocab["a b"].
func (c *cursor) where() string {
	var b strings.Builder
	b.WriteString(c.at)
	depth := 0
	for key := range c.decoder.StackPointer().Tokens() {
		depth++
		switch kind, _ := c.decoder.StackIndex(depth); {
		case kind == '[':
			fmt.Fprintf(&b, "[%s]", key)
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

// kind is the first byte of the value at hand, one of { [ " t f n, or 0 for a
// number. At the end of an object or list it is } or ].
func (c *cursor) kind() jsontext.Kind { return c.decoder.PeekKind() }

func (c *cursor) isNull() bool { return c.kind() == 'n' }

// value reads the value at hand, whatever it is. The bytes are those of the file.
func (c *cursor) value() (jsontext.Value, error) {
	value, err := c.decoder.ReadValue()
	if err != nil {
		return nil, c.syntax(err)
	}
	return value, nil
}

// token reads what begins or ends an object or list.
func (c *cursor) token() error {
	if _, err := c.decoder.ReadToken(); err != nil {
		return c.syntax(err)
	}
	return nil
}

// skipped is the reading of a value that does not matter here.
func (c *cursor) skipped() error {
	_, err := c.value()
	return err
}

// wrong reads the value at hand and returns the error that it isn't what is wanted.
func (c *cursor) wrong(want string) error {
	value, err := c.value()
	if err != nil {
		return err
	}
	return c.errorf("found %s, want %s", describe(value), want)
}

// describe renders a value for an error.
func describe(value jsontext.Value) string {
	switch value.Kind() {
	case '{':
		return "an object"
	case '[':
		return "a list"
	}
	return shorten(string(value))
}

// end makes sure that nothing follows.
func (c *cursor) end() error {
	if _, err := c.decoder.ReadToken(); err == nil {
		return fmt.Errorf("token: %s: is not JSON: there is more at byte %d", c.name, c.decoder.InputOffset())
	} else if err != io.EOF {
		return c.syntax(err)
	}
	return nil
}

// string reads a string. The bytes are valid until the next string is read.
func (c *cursor) string() ([]byte, error) {
	value, err := c.value()
	if err != nil {
		return nil, err
	}
	if value.Kind() != '"' {
		return nil, c.errorf("found %s, want a string", describe(value))
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return value[1 : len(value)-1], nil
	}
	if c.buf, err = jsontext.AppendUnquote(c.buf[:0], value); err != nil {
		return nil, c.errorf("found %s, want a string: %v", describe(value), err)
	}
	return c.buf, nil
}

func (c *cursor) boolean() (bool, error) {
	if k := c.kind(); k != 't' && k != 'f' {
		return false, c.wrong("true or false")
	}
	value, err := c.value()
	return value.Kind() == 't', err
}

// id reads a token id.
func (c *cursor) id() (int32, error) {
	value, err := c.value()
	if err != nil {
		return 0, err
	}
	if value.Kind() != '0' {
		return 0, c.errorf("found %s, want a token id", describe(value))
	}
	id := int32(0)
	for _, d := range value {
		if d < '0' || d > '9' || id > maxID {
			return 0, c.errorf("found %s, want a token id: a whole number from 0 to %d", describe(value), maxID)
		}
		id = id*10 + int32(d-'0')
	}
	if id > maxID {
		return 0, c.errorf("found %s, want a token id: a whole number from 0 to %d", describe(value), maxID)
	}
	return id, nil
}

// object reads an object: member is called at every value, with its key, and
// must read or skip the value. The key is valid until the next string is read.
func (c *cursor) object(member func(key []byte) error) error {
	if c.kind() != '{' {
		return c.wrong("an object")
	}
	if err := c.token(); err != nil {
		return err
	}
	for c.kind() != '}' {
		key, err := c.string()
		if err == nil {
			err = member(key)
		}
		if err != nil {
			return err
		}
	}
	return c.token()
}

// list reads an array: element is called at every value and must read or skip it.
func (c *cursor) list(element func(i int) error) error {
	if c.kind() != '[' {
		return c.wrong("a list")
	}
	if err := c.token(); err != nil {
		return err
	}
	for i := 0; c.kind() != ']'; i++ {
		if err := element(i); err != nil {
			return err
		}
	}
	return c.token()
}

// A field is one member that an object may have.
type field struct {
	name     string
	optional bool
	read     func() error
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

// inside passes over the value at hand and returns a cursor at its beginning.
func (c *cursor) inside() (*cursor, error) {
	value, err := c.value()
	if err != nil {
		return nil, err
	}
	return cursorAt(c.name, c.where(), value), nil
}

// later is the reading of a value that is looked into afterwards.
func (c *cursor) later(into **cursor) func() error {
	return func() (err error) { *into, err = c.inside(); return err }
}

// member returns a cursor for errors about a member of the value that c was
// for, which has been read.
func (c *cursor) member(name string) *cursor {
	at := name
	if c.at != "" {
		at = c.at + "." + name
	}
	return cursorAt(c.name, at, nil)
}

// component returns the "type" of a component object, of which nothing has been
// read yet, so that the caller can read the members that go with the type.
func (c *cursor) component(supported string) (kind string, err error) {
	ahead := cursorAt(c.name, c.at, c.text)
	if ahead.kind() != '{' {
		return "", ahead.wrong("a component: " + supported)
	}
	err = ahead.object(func(key []byte) error {
		if string(key) != "type" {
			return ahead.skipped()
		}
		value, err := ahead.string()
		if err == nil {
			kind, err = string(value), errTypeFound // the rest may be megabytes
		}
		return err
	})
	switch err {
	case errTypeFound:
		return kind, nil
	case nil:
		return "", ahead.errorf(`"type" is missing; supported: %s`, supported)
	}
	return "", err
}

var errTypeFound = errors.New("type found")
