package heads

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// object is a JSON object that is read key by key. Unlike encoding/json's
// struct decoding it matches keys exactly, refuses keys that come twice and
// names the key in errors. The first error stays in err, and reading goes on
// without effect.
type object struct {
	where  string // for errors
	values map[string]json.RawMessage
	err    error
}

// parseObject parses an object all of whose keys must be known: a key that is
// not understood may change the arithmetic.
func parseObject(where string, data []byte, known ...string) *object {
	o := &object{where: where}
	// jsontext finds keys that come twice, at any depth.
	_, err := jsontext.NewDecoder(bytes.NewBuffer(data)).ReadValue()
	if err == nil {
		err = json.Unmarshal(data, &o.values)
	}
	if err != nil {
		o.err = fmt.Errorf("heads: %s: expected a JSON object: %w", where, err)
		return o
	}
	if o.values == nil {
		o.err = fmt.Errorf("heads: %s: expected a JSON object, found null", where)
		return o
	}
	for _, key := range slices.Sorted(maps.Keys(o.values)) {
		if !slices.Contains(known, key) {
			o.err = fmt.Errorf("heads: %s: expected only the keys %s, found %q", where, strings.Join(known, ", "), key)
			return o
		}
	}
	return o
}

func (o *object) has(key string) bool {
	_, found := o.values[key]
	return found
}

// optional decodes the value at key into dst if there is one. An explicit null
// is no value of any kind. want describes what dst takes.
func (o *object) optional(key, want string, dst any) {
	value, found := o.values[key]
	if !found || o.err != nil {
		return
	}
	if string(value) == "null" || json.Unmarshal(value, dst) != nil {
		o.fail(key, "expected %s, found %s", want, clip(value))
	}
}

// required is optional for a key that must be there.
func (o *object) required(key, want string, dst any) {
	if !o.has(key) {
		o.fail(key, "expected %s, found no such key", want)
	}
	o.optional(key, want, dst)
}

func (o *object) fail(key, format string, args ...any) {
	if o.err == nil {
		o.err = fmt.Errorf("heads: %s: %s: %s", o.where, key, fmt.Sprintf(format, args...))
	}
}

// clip shortens a JSON value for an error message.
func clip(value []byte) string {
	const limit = 60
	if len(value) > limit {
		return strings.ToValidUTF8(string(value[:limit]), "") + "…"
	}
	return string(value)
}
