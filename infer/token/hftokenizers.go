//go:build hftokenizers

package token

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"unicode/utf8"

	"github.com/daulet/tokenizers"
)

// A backend is what Encode uses: with this build tag github.com/daulet/tokenizers,
// which binds huggingface/tokenizers. Programs that are built so have to link
// its static library libtokenizers.a; see its README.
//
// Ids, limits and options are the same as without the tag. Three things differ:
// the library reads the whole text however low the limit is; it gives a
// character that was composed from several the span of the first of these; and
// texts with a NUL, which it takes as strings of C, still go through this
// package's own implementation.
type backend struct {
	own    *encoder
	native *native
}

// A native owns the library's tokenizer, which is freed when it is collected.
type native struct{ *tokenizers.Tokenizer }

func newBackend(name string, tokenizerJSON []byte, own *encoder) (backend, error) {
	data, err := withoutTruncation(tokenizerJSON)
	if err != nil {
		return backend{}, fmt.Errorf("token: %s: %w", name, err)
	}
	t, err := tokenizers.FromBytes(data)
	if err != nil {
		return backend{}, fmt.Errorf("token: %s: %w", name, err)
	}
	n := &native{t}
	runtime.AddCleanup(n, func(t *tokenizers.Tokenizer) { t.Close() }, t)
	return backend{own, n}, nil
}

// withoutTruncation returns a tokenizer.json without the two sections that the
// library follows and this package ignores.
func withoutTruncation(tokenizerJSON []byte) ([]byte, error) {
	var sections map[string]json.RawMessage
	if err := json.Unmarshal(tokenizerJSON, &sections); err != nil {
		return nil, err
	}
	sections["truncation"] = json.RawMessage("null")
	sections["padding"] = json.RawMessage("null")
	return json.Marshal(sections)
}

func (b backend) encode(text string, o Options) Encoding {
	start, end := 0, len(text)
	if o.Strip {
		start, end = strip(text)
	}
	if start == end || end-start > maxChunk || strings.IndexByte(text[start:end], 0) >= 0 {
		return b.own.encode(text, o)
	}

	r := runs.Get().(*run)
	defer r.release()
	r.begin(b.own, start, end, o.Limit)
	prepared := r.prepare(text[start:end], o.Lower).text
	all := b.native.EncodeWithOptions(string(prepared), false, tokenizers.WithReturnOffsets())
	runtime.KeepAlive(b.native)
	if len(all.IDs) == 0 || len(all.Offsets) != len(all.IDs) {
		return b.own.encode(text, o) // the library reports an error in no other way
	}
	for i, id := range all.IDs {
		from, to := wholeRunes(prepared, all.Offsets[i])
		if !r.emit(int32(id), from, to, 0) {
			break
		}
	}
	r.recountRepaired(text)
	return r.out
}

// wholeRunes widens offsets to rune boundaries inside text.
func wholeRunes(text []byte, o tokenizers.Offset) (from, to int) {
	to = min(int(o[1]), len(text))
	from = min(int(o[0]), to)
	for from > 0 && from < len(text) && !utf8.RuneStart(text[from]) {
		from--
	}
	for to < len(text) && !utf8.RuneStart(text[to]) {
		to++
	}
	return from, to
}
