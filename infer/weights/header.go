package weights

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// maxName caps the names in a header, in bytes. The longest tensor name of a
// known model has about 80.
const maxName = 1024

// header reads the JSON header of a safetensors file: an object of objects of
// strings and integer arrays. The syntax is jsontext's matter, which copies
// nothing, so that a header of 100 MB costs no more memory than the file
// itself and a tokenizer in the metadata is decoded only once somebody asks
// for it.
type header struct {
	text    []byte // valid UTF-8
	decoder *jsontext.Decoder
}

func newHeader(text []byte) *header {
	// Names that come twice are found by those who read the object.
	return &header{text, jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true))}
}

// rest is what has not been read, from the next value on.
func (h *header) rest() []byte { return bytes.TrimLeft(h.decoder.UnreadBuffer(), " \t\r\n,:") }

// position is where the value at hand begins.
func (h *header) position() int { return len(h.text) - len(h.rest()) }

// errorf returns an error about the value at hand.
func (h *header) errorf(format string, args ...any) error {
	return errorAt(h.position(), format, args...)
}

func errorAt(position int, format string, args ...any) error {
	return fmt.Errorf("header byte %d: %s", position, fmt.Sprintf(format, args...))
}

// syntax says what jsontext found wrong with the text.
func (h *header) syntax(err error) error {
	if wrong := (*jsontext.SyntacticError)(nil); errors.As(err, &wrong) {
		return fmt.Errorf("header byte %d: %w", wrong.ByteOffset, wrong.Err)
	}
	return fmt.Errorf("header byte %d: %w", len(h.text), err)
}

// value reads a value that must be of that kind.
func (h *header) value(kind jsontext.Kind, what string) (jsontext.Value, error) {
	if err := h.expect(kind, what); err != nil {
		return nil, err
	}
	value, err := h.decoder.ReadValue()
	if err != nil {
		return nil, h.syntax(err)
	}
	return value, nil
}

func (h *header) expect(kind jsontext.Kind, what string) error {
	switch found := h.decoder.PeekKind(); found {
	case kind:
		return nil
	case jsontext.KindInvalid:
		return h.token()
	default:
		return h.errorf("expected %s, found %q", what, h.rest()[0])
	}
}

// token moves past the beginning or the end of an object or array.
func (h *header) token() error {
	if _, err := h.decoder.ReadToken(); err != nil {
		return h.syntax(err)
	}
	return nil
}

// object reads an object. It calls member with each key, the value at hand,
// which member must read.
func (h *header) object(member func(key string) error) error {
	if err := h.expect('{', "'{'"); err != nil {
		return err
	}
	if err := h.token(); err != nil {
		return err
	}
	for h.decoder.PeekKind() != '}' {
		key, err := h.name()
		if err != nil {
			return err
		}
		if err := member(key); err != nil {
			return err
		}
	}
	return h.token()
}

// integers reads an array of at most limit non-negative integers.
func (h *header) integers(limit int) ([]int, error) {
	if err := h.expect('[', "'['"); err != nil {
		return nil, err
	}
	if err := h.token(); err != nil {
		return nil, err
	}
	list := []int{}
	for h.decoder.PeekKind() != ']' {
		if len(list) == limit {
			return nil, h.errorf("more than %d integers", limit)
		}
		n, err := h.integer()
		if err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	return list, h.token()
}

// integer reads a non-negative integer that fits an int.
func (h *header) integer() (int, error) {
	const what = "a non-negative integer"
	if bytes.HasPrefix(h.rest(), []byte("-")) {
		return 0, h.errorf("expected %s, found '-'", what)
	}
	at := h.position()
	digits, err := h.value('0', what)
	if err != nil {
		return 0, err
	}
	if len(digits) > len("9223372036854775807") {
		return 0, errorAt(at, "an integer of %d digits is too large", len(digits))
	}
	n, err := strconv.Atoi(string(digits))
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, errorAt(at, "integer %s is too large", digits)
	case err != nil:
		return 0, errorAt(at, "expected %s, found %s", what, digits)
	}
	return n, nil
}

// name reads a string of at most maxName bytes, decoded.
func (h *header) name() (string, error) {
	at := h.position()
	raw, err := h.literal()
	if err != nil {
		return "", err
	}
	if n := len(raw) - len(`""`); n > maxName {
		return "", errorAt(at, "a name of %d bytes is longer than the %d allowed", n, maxName)
	}
	return string(unquote(raw)), nil
}

// literal reads a string and returns it as it stands in the text, quotes
// included: for unquote.
func (h *header) literal() ([]byte, error) { return h.value('"', "a string") }

// end makes sure that nothing but space follows.
func (h *header) end() error {
	if rest := bytes.TrimLeft(h.decoder.UnreadBuffer(), " \t\r\n"); len(rest) > 0 {
		return errorAt(len(h.text)-len(rest), "expected nothing but space after the closing '}', found %q", rest[0])
	}
	return nil
}

// unquote decodes a string that literal has returned, which has nothing that
// could fail here.
func unquote(literal []byte) []byte {
	text, _ := jsontext.AppendUnquote(make([]byte, 0, len(literal)), literal)
	return text
}
