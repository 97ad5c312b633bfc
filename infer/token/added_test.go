package token

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// added is an entry of added_tokens with the flags named in options.
func added(id int, content, options string) string {
	has := func(option string) bool { return strings.Contains(options, option) }
	return fmt.Sprintf(`{"id":%d,"content":%q,"single_word":%v,"lstrip":%v,"rstrip":%v,"normalized":%v,"special":false}`,
		id, content, has("single_word"), has("lstrip"), has("rstrip"), has("normalized"))
}

func withAdded(tb testing.TB, normalizer string, tokens ...string) *Tokenizer {
	tb.Helper()
	model := string(tinyModel(tb, `["b c"]`, ""))
	return load(tb, []byte(strings.Replace(model, "{", `{`+normalizer+`"added_tokens":[`+strings.Join(tokens, ",")+"],", 1)))
}

func TestAddedTokens(t *testing.T) {
	for _, c := range []struct {
		name, normalizer string
		tokens           []string
		text             string
		want             []string // the texts of the tokens' spans; added tokens in angle brackets
	}{
		{"leftmost longest", "", []string{added(260, "kl", ""), added(261, "klmn", ""), added(262, "lmno", "")},
			"xklmno kl", []string{"x", "<klmn>", "o", " ", "<kl>"}},
		{"inside words", "", []string{added(260, "XY", "")}, "aXYb", []string{"a", "<XY>", "b"}},
		{"single word", "", []string{added(260, "XY", "single_word")}, "XY aXY XYb XY. XY",
			[]string{"<XY>", " ", "a", "X", "Y", " ", "X", "Y", "b", " ", "<XY>", ".", " ", "<XY>"}},
		{"single word beside a letter that is younger than Go's data", "", []string{added(260, "XY", "single_word")}, "XY\U00010d50", []string{"X", "Y", "\U00010d50", "\U00010d50", "\U00010d50", "\U00010d50"}},
		{"a word that is not single hides others", "", []string{added(260, "XYZ", "single_word"), added(261, "YZ", "")}, "aXYZ YZ",
			[]string{"a", "X", "Y", "Z", " ", "<YZ>"}},
		{"space at the left", "", []string{added(260, "XY", "lstrip")}, "a \n XY b", []string{"a", "< \n XY>", " ", "b"}},
		{"space at the right", "", []string{added(260, "XY", "rstrip")}, "a XY \n b", []string{"a", " ", "<XY \n >", "b"}},
		{"space is taken once", "", []string{added(260, "XY", "lstrip rstrip")}, "XY  XY", []string{"<XY  >", "<XY>"}},
		{"space that is taken, and a token itself", "", []string{added(260, "XY", "rstrip"), added(261, "  ", "")}, "XY   b", []string{"<XY   >", "<  >", " ", "b"}},
		{"the same with both", "", []string{added(260, "XY", "rstrip"), added(261, "  ", "lstrip rstrip")}, "XY    b", []string{"<XY    >", "<    >", "<  >", "b"}},
		{"raw before normalized", `"normalizer":{"type":"Lowercase"},`, []string{added(260, "BC", ""), added(261, "AB", "normalized")},
			"aBC AB ab bc", []string{"a", "<BC>", " ", "<AB>", " ", "<ab>", " ", "bc"}},
		{"raw tokens cut before composition", `"normalizer":{"type":"NFC"},`, []string{added(260, "\u0301", "")}, "e\u0301", []string{"e", "<\u0301>"}},
		{"normalized in composed text", `"normalizer":{"type":"NFC"},`, []string{added(260, "e\u0301", "normalized")}, "xé e\u0301", []string{"x", "<é>", " ", "<e\u0301>"}},
		{"the longest begins a shorter one's text", "", []string{added(260, "kkl", ""), added(261, "kk", "")}, "kkkkl", []string{"<kk>", "<kkl>"}},
	} {
		tok := withAdded(t, c.normalizer, c.tokens...)
		encoded := tok.Encode(c.text, Options{})
		var got []string
		for i, s := range encoded.Spans {
			text := c.text[s.Start:s.End]
			if encoded.IDs[i] >= 260 {
				text = "<" + text + ">"
			}
			got = append(got, text)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q becomes %q, want %q", c.name, c.text, got, c.want)
		}
		if !checkChunks(tok, c.text, Options{}) {
			t.Errorf("%s: %q differs when cut into chunks", c.name, c.text)
		}
	}
}

// TestManySpaceTokens: each of the spaces would take all that follow.
func TestManySpaceTokens(t *testing.T) {
	tok := withAdded(t, "", added(260, " ", "lstrip rstrip"))
	start := time.Now()
	got := tok.Encode(strings.Repeat(" ", 1<<19), Options{})
	if took := time.Since(start); took > time.Minute || len(got.IDs) != 1<<19 {
		t.Errorf("%d tokens took %v", len(got.IDs), took)
	}
}
