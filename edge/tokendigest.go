package edge

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"hash"
	"maps"
	"slices"
	"strings"

	"github.com/toller-search/toller/infer/token"
)

// tokenizerParts are the members of tokenizer.json that determine the ids of a
// text. Of the others, the post-processor puts ids around a text, which are
// counted where that is done, and the rest plays no part here.
var tokenizerParts = []string{"added_tokens", "model", "normalizer", "pre_tokenizer"}

// tokenizerIrrelevant are members of those that have no influence on ids.
var tokenizerIrrelevant = []string{"special", "trim_offsets"}

// digestTokenizer hashes what determines token ids: the text of each id, and the
// parts of tokenizer.json that say how a text comes to be cut into these. White
// space, the order of members, how a character is escaped and whether a merge is
// a string or a pair make no difference. t was read from text, which is therefore
// valid JSON.
func digestTokenizer(t *token.Tokenizer, text []byte) [sha256.Size]byte {
	d := newTokenDigest()
	for id := range int32(t.Size()) {
		name, _ := t.Token(id)
		write(d, 't', name)
	}
	walk := jsonWalk{text: text}
	walk.value(d, "")
	return d.sum()
}

// tokenDigest hashes a sequence of strings.
type tokenDigest struct {
	hash    hash.Hash
	pending []byte // small writes, not yet hashed
}

func newTokenDigest() *tokenDigest { return &tokenDigest{hash: sha256.New()} }

// write adds a string, whose kind and length go first so that no two sequences
// are the same bytes.
func write[T string | []byte](d *tokenDigest, kind byte, s T) {
	d.pending = append(d.pending, kind)
	d.pending = binary.AppendUvarint(d.pending, uint64(len(s)))
	d.pending = append(d.pending, s...)
	if len(d.pending) > 1<<12 {
		d.hash.Write(d.pending)
		d.pending = d.pending[:0]
	}
}

func (d *tokenDigest) sum() [sha256.Size]byte {
	d.hash.Write(d.pending)
	d.pending = nil
	return [sha256.Size]byte(d.hash.Sum(nil))
}

// jsonWalk goes once through a valid JSON text.
type jsonWalk struct {
	text []byte
	at   int
}

// jsonMembers returns the members of an object, nil for what isn't one. The text
// must be valid.
func jsonMembers(text []byte) map[string]json.RawMessage {
	w := jsonWalk{text: text}
	if w.space(); w.at == len(text) || text[w.at] != '{' {
		return nil
	}
	members := map[string]json.RawMessage{}
	for w.at++; w.more('}'); {
		key := string(w.string())
		w.space()
		w.at++ // the colon
		w.space()
		from := w.at
		w.skip()
		members[key] = text[from:w.at:w.at]
	}
	return members
}

// joinMembers is the object that has these members.
func joinMembers(members map[string]json.RawMessage) []byte {
	size := 2
	for key, value := range members {
		size += len(key) + len(value) + 8
	}
	text := append(make([]byte, 0, size), '{')
	for i, key := range slices.Sorted(maps.Keys(members)) {
		if i > 0 {
			text = append(text, ',')
		}
		name, _ := json.Marshal(key) // a string always can be
		text = append(append(append(text, name...), ':'), members[key]...)
	}
	return append(text, '}')
}

// value hashes the next value. key is the member that it is the value of, "" for
// the whole text.
func (w *jsonWalk) value(d *tokenDigest, key string) {
	w.space()
	switch w.text[w.at] {
	case '{':
		w.object(d, key)
	case '[':
		write(d, '[', "")
		for w.at++; w.more(']'); {
			if key == "merges" && w.text[w.at] == '[' {
				write(d, '"', w.pair())
				continue
			}
			w.value(d, "element")
		}
		write(d, ']', "")
	case '"':
		write(d, '"', w.string())
	default:
		from := w.at
		w.skip()
		write(d, '0', w.text[from:w.at])
	}
}

// object hashes the members that count, sorted by their keys.
func (w *jsonWalk) object(d *tokenDigest, name string) {
	type member struct {
		key   string
		value [sha256.Size]byte
	}
	var members []member
	for w.at++; w.more('}'); {
		key := string(w.string())
		w.space()
		w.at++ // the colon
		w.space()
		if !w.counts(name, key) {
			w.skip()
			continue
		}
		value := newTokenDigest()
		w.value(value, key)
		members = append(members, member{key, value.sum()})
	}
	slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.key, b.key) })
	write(d, '{', "")
	for _, m := range members {
		write(d, 'k', m.key)
		write(d, 'v', m.value[:])
	}
	write(d, '}', "")
}

// counts reports whether a member of an object counts; its value is the next.
// The vocabulary was hashed id by id, and null is as good as nothing.
func (w *jsonWalk) counts(object, key string) bool {
	switch {
	case object == "" && !slices.Contains(tokenizerParts, key), slices.Contains(tokenizerIrrelevant, key):
		return false
	case object == "model" && key == "vocab" && w.text[w.at] == '{':
		return false
	}
	return w.text[w.at] != 'n'
}

// pair reads a merge that is a list of two strings as it would be written in one.
func (w *jsonWalk) pair() []byte {
	var parts [][]byte
	for w.at++; w.more(']'); {
		parts = append(parts, w.string())
	}
	return bytes.Join(parts, []byte{' '})
}

// more goes to the next element of a list or an object, or behind its end.
func (w *jsonWalk) more(end byte) bool {
	w.space()
	if w.text[w.at] == ',' {
		w.at++
		w.space()
	}
	if w.text[w.at] == end {
		w.at++
		return false
	}
	return true
}

func (w *jsonWalk) space() {
	for w.at < len(w.text) && isJSONSpace(w.text[w.at]) {
		w.at++
	}
}

func isJSONSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// endsLiteral reports whether a number, true, false or null is over.
func endsLiteral(c byte) bool { return c == ',' || c == ']' || c == '}' || isJSONSpace(c) }

// string reads a string. It may be a part of the text.
func (w *jsonWalk) string() []byte {
	from := w.at
	w.skip()
	raw := w.text[from:w.at]
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return raw // can't be: the text is valid
	}
	return []byte(s)
}

// skip goes behind the next value.
func (w *jsonWalk) skip() {
	depth := 0
	for w.at < len(w.text) {
		switch c := w.text[w.at]; {
		case c == '"':
			for w.at++; w.text[w.at] != '"'; w.at++ {
				if w.text[w.at] == '\\' {
					w.at++
				}
			}
			w.at++
		case c == '{' || c == '[':
			depth++
			w.at++
			continue
		case c == '}' || c == ']':
			depth--
			w.at++
		case isJSONSpace(c) || c == ',' || c == ':':
			w.at++
			continue
		default: // a number, true, false or null
			for w.at < len(w.text) && !endsLiteral(w.text[w.at]) {
				w.at++
			}
		}
		if depth == 0 {
			return
		}
	}
}
