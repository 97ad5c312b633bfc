package serve

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// mostFields is how many fields an object may have. Small ones take many times their
// length in memory.
const mostFields = 256

// fields are those of a request's body. The first that isn't as it should be is
// kept as bad; what is asked for after it is zero. A field that is null is as one
// that isn't there.
type fields struct {
	values map[string]jsontext.Value
	bad    *refusal
}

// parseFields reads a JSON object. What isn't UTF-8, and a name that comes twice, is
// no JSON (RFC 8259, RFC 7493).
func parseFields(body []byte) (*fields, *refusal) {
	switch {
	case len(body) == 0:
		return nil, refuse(wrong, "the body is empty, expected a JSON object")
	case !utf8.Valid(body):
		return nil, refuse(wrong, "the body is not valid UTF-8: byte %d", firstInvalid(body))
	}
	values, err := members(body)
	if errors.Is(err, errNoObject) {
		return nil, refuse(wrong, "the body is %s, expected a JSON object", kindOf(body))
	}
	if err != nil {
		return nil, refuse(wrong, "the body is not JSON: %s", strings.TrimPrefix(err.Error(), "jsontext: "))
	}
	for name, v := range values {
		if v.Kind() == 'n' {
			delete(values, name)
		}
	}
	return &fields{values: values}, nil
}

var errNoObject = errors.New("no object")

// members is an object's fields; their values are parts of v.
func members(v jsontext.Value) (map[string]jsontext.Value, error) {
	values := map[string]jsontext.Value{}
	// Names of inner objects aren't compared: that would take memory for each.
	d := jsontext.NewDecoder(bytes.NewBuffer(v), jsontext.AllowDuplicateNames(true))
	switch kind := d.PeekKind(); {
	case kind == jsontext.KindInvalid: // ReadToken says why
	case kind != '{':
		if err := d.SkipValue(); err != nil {
			return nil, err
		}
		return nil, errNoObject
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	for d.PeekKind() == '"' {
		token, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		name := token.String()
		value, err := d.ReadValue()
		if err != nil {
			return nil, err
		}
		switch {
		case values[name] != nil:
			return nil, fmt.Errorf("the name %q comes twice", name)
		case len(values) == mostFields:
			return nil, fmt.Errorf("expected at most %d fields in an object, found more", mostFields)
		}
		end := d.InputOffset()
		values[name] = v[end-int64(len(value)) : end : end]
	}
	if _, err := d.ReadToken(); err != nil { // the object's end
		return nil, err
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return nil, errors.Join(err, errors.New("there is more after the object"))
	}
	return values, nil
}

// elements is an array's elements, as parts of v, but for those beyond most.
func elements(v jsontext.Value, most int) ([]jsontext.Value, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(v), jsontext.AllowDuplicateNames(true))
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	list := []jsontext.Value{}
	for d.PeekKind() != ']' && len(list) < most {
		value, err := d.ReadValue()
		if err != nil {
			return nil, err
		}
		end := d.InputOffset()
		list = append(list, v[end-int64(len(value)):end:end])
	}
	return list, nil
}

func firstInvalid(text []byte) int {
	at := 0
	for at < len(text) {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size < 2 {
			break
		}
		at += size
	}
	return at
}

// kindOf is what a value is, in words.
func kindOf(v jsontext.Value) string {
	switch v.Kind() {
	case 'n':
		return "null"
	case 'f', 't':
		return "a boolean"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '{':
		return "an object"
	case '[':
		return "an array"
	}
	return "no JSON"
}

func (f *fields) has(name string) bool { return f.values[name] != nil }

// fail keeps the first refusal.
func (f *fields) fail(r *refusal) {
	if f.bad == nil {
		f.bad = r
	}
}

// text is a string that must be there, and not blank.
func (f *fields) text(name string) string {
	if !f.has(name) {
		f.fail(invalid(name, "expected a string, found none"))
		return ""
	}
	s := f.optional(name)
	if strings.TrimSpace(s) == "" {
		f.fail(invalid(name, "expected a text, found a blank one"))
	}
	return s
}

// optional is a string, "" where there is none.
func (f *fields) optional(name string) string {
	v := f.values[name]
	if v == nil {
		return ""
	}
	s, ok := stringOf(v)
	if !ok {
		f.fail(invalid(name, "expected a string, found %s", kindOf(v)))
	}
	return s
}

func (f *fields) boolean(name string, otherwise bool) bool {
	v := f.values[name]
	switch {
	case v == nil:
		return otherwise
	case v.Kind() != 't' && v.Kind() != 'f':
		f.fail(invalid(name, "expected true or false, found %s", kindOf(v)))
	}
	return v.Kind() == 't'
}

// integer is a whole number between least and most.
func (f *fields) integer(name string, otherwise, least, most int) int {
	v := f.values[name]
	if v == nil {
		return otherwise
	}
	if v.Kind() != '0' {
		f.fail(invalid(name, "expected a whole number, found %s", kindOf(v)))
		return otherwise
	}
	n, err := strconv.ParseFloat(string(v), 64)
	if err != nil || n != math.Trunc(n) || n < float64(least) || n > float64(most) {
		f.fail(invalid(name, "expected a whole number from %d to %d, found %s", least, most, short(v)))
		return otherwise
	}
	return int(n)
}

// list is the elements of an array, nil where there is none. One element more than
// most is as good as any number of them.
func (f *fields) list(name string, most int) []jsontext.Value {
	v := f.values[name]
	switch {
	case v == nil:
		return nil
	case v.Kind() != '[':
		f.fail(invalid(name, "expected an array, found %s", kindOf(v)))
		return nil
	}
	list, err := elements(v, most+1)
	if err != nil {
		f.fail(invalid(name, "%v", err))
	}
	return list
}

// strings is an array of strings.
func (f *fields) strings(name string) []string {
	list := f.list(name, mostFields)
	if list == nil {
		return nil
	}
	if len(list) > mostFields {
		f.fail(invalid(name, "expected at most %d strings, found more", mostFields))
		return nil
	}
	out := make([]string, len(list))
	for i, v := range list {
		s, ok := stringOf(v)
		if !ok {
			f.fail(invalid(element(name, i), "expected a string, found %s", kindOf(v)))
			return nil
		}
		out[i] = s
	}
	return out
}

// refuses has fields refused that change an answer in a way that toller can't.
// harmless is the value that asks for nothing, as JSON.
func (f *fields) refuses(name, harmless, why string) {
	if v := f.values[name]; v != nil && string(v) != harmless {
		f.fail(cannot(name, "%s", why))
	}
}

func stringOf(v jsontext.Value) (string, bool) {
	if v.Kind() != '"' {
		return "", false
	}
	s, err := jsontext.AppendUnquote(nil, v)
	return string(s), err == nil
}

func element(name string, i int) string { return name + "[" + strconv.Itoa(i) + "]" }

// short is a value that fits into a message.
func short(v jsontext.Value) string {
	const longest = 40
	if len(v) > longest {
		return string(v[:longest]) + "…"
	}
	return string(v)
}
