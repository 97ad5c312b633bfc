package tokenizers

import (
	"encoding/json"
	"testing"

	"github.com/daulet/tokenizers"
)

// openNative loads a tokenizer.json into the original, without the two
// sections that it follows and toller ignores.
func openNative(tb testing.TB, tokenizerJSON []byte) *tokenizers.Tokenizer {
	tb.Helper()
	var sections map[string]json.RawMessage
	if err := json.Unmarshal(tokenizerJSON, &sections); err != nil {
		tb.Fatal(err)
	}
	sections["truncation"] = json.RawMessage("null")
	sections["padding"] = json.RawMessage("null")
	data, err := json.Marshal(sections)
	if err != nil {
		tb.Fatal(err)
	}
	t, err := tokenizers.FromBytes(data)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { t.Close() })
	return t
}
