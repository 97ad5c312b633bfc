package token

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// fill puts values into the places of a small tokenizer.json that are named
// like <normalizer>.
func fill(tb testing.TB, values map[string]string) []byte {
	tb.Helper()
	defaults := map[string]string{
		"version": `"1.0"`, "top": ``, "added": `[]`, "normalizer": `null`,
		"pre":  `{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}`,
		"post": `null`, "options": ``, "vocab": ``, "merges": `["a b","ab c"]`,
	}
	text := `{"version":<version>,<top>"truncation":{"max_length":3},"padding":{"pad_id":-1},"added_tokens":<added>,
		"normalizer":<normalizer>,"pre_tokenizer":<pre>,"post_processor":<post>,"decoder":{"type":"anything"},
		"model":{"type":"BPE",<options>"vocab":{<vocab>` + letterVocab() + `,"ab":256,"abc":257,"bb":258},"merges":<merges>}}`
	for name, value := range values {
		if _, ok := defaults[name]; !ok {
			tb.Fatalf("there is no place <%s>", name)
		}
		defaults[name] = value
	}
	var places []string
	for name, value := range defaults {
		places = append(places, "<"+name+">", value)
	}
	return []byte(strings.NewReplacer(places...).Replace(text))
}

// letterVocab has the 256 one-byte tokens.
func letterVocab() string {
	var all []string
	for b := range 256 {
		letter := string(byteLetter[b])
		if letter == `"` || letter == `\` {
			letter = `\` + letter
		}
		all = append(all, fmt.Sprintf(`"%s":%d`, letter, b))
	}
	return strings.Join(all, ",")
}

func addedJSON(id, content, rest string) string {
	return `{"id":` + id + `,"content":` + content + `,"single_word":false,"lstrip":false,"rstrip":false,"normalized":false` + rest + `}`
}

const special = `,"special":true`

func TestLoadRefuses(t *testing.T) {
	plain := addedJSON("259", `"[X]"`, special)
	for _, c := range []struct {
		name   string
		values map[string]string
		want   []string // parts of the error
	}{
		{"version", map[string]string{"version": `"2.0"`}, []string{"version", `"2.0"`, `"1.0"`}},
		{"unknown section", map[string]string{"top": `"extra":1,`}, []string{"extra", "not a supported option", "pre_tokenizer"}},
		{"section twice", map[string]string{"top": `"truncation":null,`}, []string{"truncation", "twice"}},

		{"normalizer type", map[string]string{"normalizer": `{"type":"NFKC"}`}, []string{"normalizer", `"NFKC"`, "NFC, Lowercase"}},
		{"normalizer option", map[string]string{"normalizer": `{"type":"NFC","strip":true}`}, []string{"normalizer.strip", "not a supported option"}},
		{"normalizer in a sequence", map[string]string{"normalizer": `{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Prepend","prepend":"_"}]}`},
			[]string{"normalizer.normalizers[1]", `"Prepend"`, "NFC, Lowercase"}},
		{"a normalizer of another model", map[string]string{"normalizer": `{"type":"Replace","pattern":{"String":" "},"content":"_"}`},
			[]string{"pre_tokenizer", "the normalizer Replace is not supported with ByteLevel"}},
		{"sequence in a sequence", map[string]string{"normalizer": `{"type":"Sequence","normalizers":[{"type":"Sequence","normalizers":[]}]}`},
			[]string{"normalizer.normalizers[0]", `"Sequence"`}},
		{"too many normalizers", map[string]string{"normalizer": `{"type":"Sequence","normalizers":[` + strings.Repeat(`{"type":"NFC"},`, 8) + `{"type":"NFC"}]}`},
			[]string{"normalizer.normalizers[8]", "more than 8"}},
		{"normalizer is a string", map[string]string{"normalizer": `"NFC"`}, []string{"normalizer", `found "NFC"`}},
		{"normalizer without type", map[string]string{"normalizer": `{}`}, []string{"normalizer", `"type" is missing`}},

		{"pre-tokenizer type", map[string]string{"pre": `{"type":"Metaspace","replacement":"_"}`}, []string{"pre_tokenizer", `"Metaspace"`, "ByteLevel"}},
		{"no pre-tokenizer", map[string]string{"pre": `null`}, []string{"pre_tokenizer", "found null", "ByteLevel"}},
		{"pre-tokenizer option", map[string]string{"pre": `{"type":"ByteLevel","add_prefix_space":"no"}`}, []string{"pre_tokenizer.add_prefix_space", `found "no"`, "true or false"}},
		{"pre-tokenizer without its option", map[string]string{"pre": `{"type":"ByteLevel"}`}, []string{"pre_tokenizer", `"add_prefix_space" is missing`}},

		{"model type", map[string]string{"options": `"type":"WordPiece",`}, []string{"model.type", "twice"}},
		{"dropout", map[string]string{"options": `"dropout":0.1,`}, []string{"model.dropout", "found 0.1", "null"}},
		{"unk_token", map[string]string{"options": `"unk_token":"[UNK]",`}, []string{"model.unk_token", `found "[UNK]"`, "null"}},
		{"continuing_subword_prefix", map[string]string{"options": `"continuing_subword_prefix":"##",`}, []string{"model.continuing_subword_prefix", `"##"`}},
		{"end_of_word_suffix", map[string]string{"options": `"end_of_word_suffix":"</w>",`}, []string{"model.end_of_word_suffix", `"</w>"`}},
		{"fuse_unk", map[string]string{"options": `"fuse_unk":true,`}, []string{"model.fuse_unk", "found true", "false"}},
		{"byte_fallback", map[string]string{"options": `"byte_fallback":true,`}, []string{"model", "neither tokens <0x00> to <0xFF>", "nor an unk_token"}},
		{"an option that is a list", map[string]string{"options": `"dropout":[0],`}, []string{"model.dropout", "found a list"}},
		{"unknown option", map[string]string{"options": `"cache":1,`}, []string{"model.cache", "not a supported option"}},

		{"negative id", map[string]string{"vocab": `"zz":-1,`}, []string{"model.vocab.zz", "found -1", "16777216"}},
		{"huge id", map[string]string{"vocab": `"zz":16777217,`}, []string{"model.vocab.zz", "found 16777217"}},
		{"absurd id", map[string]string{"vocab": `"zz":99999999999999999999,`}, []string{"model.vocab.zz", "found 99999999999999999999"}},
		{"fractional id", map[string]string{"vocab": `"Ġz":1.5,`}, []string{`model.vocab["Ġz"]`, "found 1.5"}},
		{"exponent in an id", map[string]string{"vocab": `"zz":1e3,`}, []string{"found 1e3"}},
		{"id is a string", map[string]string{"vocab": `"zz":"1",`}, []string{"model.vocab.zz", `found "1"`}},
		{"id twice", map[string]string{"vocab": `"zz":256,`}, []string{"model.vocab", `"ab"`, `"zz"`, "256"}},
		{"token twice", map[string]string{"vocab": `"ab":300,`}, []string{"model.vocab", `"ab"`, "twice"}},
		{"half a surrogate pair", map[string]string{"vocab": `"\ud800":300,`}, []string{"model.vocab", "surrogate"}},
		{"a pair of surrogates in disorder", map[string]string{"vocab": `"\udc00\ud800":300,`}, []string{"model.vocab", "surrogate"}},

		{"merge of an unknown token", map[string]string{"merges": `["a b","b zz"]`}, []string{"model.merges[1]", `"zz"`, "model.vocab"}},
		{"merge into an unknown token", map[string]string{"merges": `["b a"]`}, []string{"model.merges[0]", `"ba"`, "model.vocab"}},
		{"merge without a space", map[string]string{"merges": `["ab"]`}, []string{"model.merges[0]", `"ab"`, "one space"}},
		{"merge with two spaces", map[string]string{"merges": `["a b c"]`}, []string{"model.merges[0]", `"a b c"`, "one space"}},
		{"merge of three", map[string]string{"merges": `[["a","b","c"]]`}, []string{"model.merges[0]", "a list of 3"}},
		{"merge of numbers", map[string]string{"merges": `[[1,2]]`}, []string{"model.merges[0][0]", "found 1", "a string"}},
		{"mixed merges", map[string]string{"merges": `["a b",["ab","c"]]`}, []string{"model.merges[1]", "found a list", "all strings or all lists"}},
		{"merges are an object", map[string]string{"merges": `{"a":"b"}`}, []string{"model.merges", "found an object", "a list"}},

		{"added token without a flag", map[string]string{"added": `[` + addedJSON("259", `"[X]"`, "") + `]`}, []string{"added_tokens[0]", `"special" is missing`}},
		{"added token with an unknown flag", map[string]string{"added": `[` + addedJSON("259", `"[X]"`, special+`,"color":1`) + `]`}, []string{"added_tokens[0].color"}},
		{"added token of nothing", map[string]string{"added": `[` + addedJSON("259", `""`, special) + `]`}, []string{"added_tokens[0].content", "0 bytes", "1 to 1024"}},
		{"huge added token", map[string]string{"added": `[` + addedJSON("259", `"`+strings.Repeat("x", 1025)+`"`, special) + `]`}, []string{"added_tokens[0].content", "1025 bytes", "1 to 1024"}},
		{"added token twice", map[string]string{"added": `[` + plain + `,` + plain + `]`}, []string{"added_tokens[1]", `"[X]"`, "twice"}},
		{"added id twice", map[string]string{"added": `[` + plain + `,` + addedJSON("259", `"[Y]"`, special) + `]`}, []string{"added_tokens[1]", `"[X]"`, `"[Y]"`, "259"}},
		{"added id of another token", map[string]string{"added": `[` + addedJSON("256", `"[X]"`, special) + `]`}, []string{"added_tokens[0]", `"[X]"`, `"ab"`, "256"}},
		{"added id differs from the vocabulary's", map[string]string{"added": `[` + addedJSON("259", `"ab"`, special) + `]`}, []string{"added_tokens[0]", `"ab"`, "259", "256"}},
		{"added id leaves a hole", map[string]string{"added": `[` + addedJSON("300", `"[X]"`, special) + `]`}, []string{"added_tokens[0]", `"[X]"`, "300", "259"}},
		{"added tokens that become the same", map[string]string{"normalizer": `{"type":"Lowercase"}`,
			"added": strings.ReplaceAll(`[`+plain+`,`+addedJSON("260", `"[x]"`, special)+`]`, `"normalized":false`, `"normalized":true`)},
			[]string{"added_tokens", `"[X]"`, `"[x]"`, "normalizer"}},

		{"post-processor type", map[string]string{"post": `{"type":"RobertaProcessing","sep":["</s>",2]}`}, []string{"post_processor", `"RobertaProcessing"`, "TemplateProcessing"}},
		{"post-processor in a sequence", map[string]string{"post": `{"type":"Sequence","processors":[{"type":"RobertaProcessing"}]}`}, []string{"post_processor.processors[0]", `"RobertaProcessing"`}},
		{"template without text", map[string]string{"post": `{"type":"TemplateProcessing","single":[],"special_tokens":{}}`}, []string{"post_processor.single", `"A" is missing`}},
		{"template with the text twice", map[string]string{"post": `{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A"}},{"Sequence":{"id":"A"}}],"special_tokens":{}}`},
			[]string{"post_processor.single[1]", `"A"`, "exactly once"}},
		{"template with a second text", map[string]string{"post": `{"type":"TemplateProcessing","single":[{"Sequence":{"id":"B"}}],"special_tokens":{}}`}, []string{"post_processor.single[0]", `"B"`}},
		{"template of an unknown special token", map[string]string{"post": `{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]"}}],"special_tokens":{}}`},
			[]string{"post_processor.single[0]", `"[CLS]"`, "special_tokens"}},
		{"template of an unknown id", map[string]string{"post": `{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A"}}],"special_tokens":{"[CLS]":{"id":"[CLS]","ids":[999],"tokens":["[CLS]"]}}}`},
			[]string{`post_processor.special_tokens["[CLS]"].ids[0]`, "999"}},
		{"template piece of nothing", map[string]string{"post": `{"type":"TemplateProcessing","single":[{}],"special_tokens":{}}`}, []string{"post_processor.single[0]", "neither"}},
		{"template as text", map[string]string{"post": `{"type":"TemplateProcessing","single":"[CLS] $A","special_tokens":{}}`}, []string{"post_processor.single", "a list"}},
	} {
		tok, err := Load("some/tokenizer.json", fill(t, c.values))
		if err == nil {
			t.Errorf("%s: loads, size %d", c.name, tok.Size())
			continue
		}
		for _, part := range append(c.want, "token: some/tokenizer.json: ") {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: the error is %q, want it to have %q", c.name, err, part)
			}
		}
	}
}

func TestLoadRefusesTexts(t *testing.T) {
	whole := string(fill(t, nil))
	for _, c := range []struct{ name, data, want string }{
		{"nothing", "", "not JSON"},
		{"no JSON", "hello", "not JSON: at byte 1"},
		{"cut off", whole[:len(whole)-3], "not JSON"},
		{"two documents", whole + whole, "not JSON"},
		{"a list", "[]", "top level: found a list, want an object"},
		{"a number", "7", "top level: found 7, want an object"},
		{"an empty object", "{}", `"pre_tokenizer" is missing`},
		{"bytes that are no UTF-8", strings.Replace(whole, "1.0", "\xff", 1), "not UTF-8"},
		{"deep nesting", strings.Repeat("[", 1<<20), "not JSON"},
		{"deep nesting that is complete", `{"padding":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + "}", "missing"},
		{"a letter missing", strings.Replace(whole, `"a":97,`, "", 1), `model.vocab: there is no token 'a' for the byte 0x61`},
		{"no model type", strings.Replace(whole, `"type":"BPE",`, "", 1), `model: "type" is missing`},
		{"another model", strings.Replace(whole, `"BPE"`, `"Unigram"`, 1), `model: the model "Unigram" is not supported; supported: BPE`},
		{"an endless name", strings.Replace(whole, `"version"`, `"`+strings.Repeat("x", 1<<20)+`"`, 1), "…"},
	} {
		_, err := Load("tokenizer.json", []byte(c.data))
		switch {
		case err == nil:
			t.Errorf("%s: loads", c.name)
		case !strings.Contains(err.Error(), c.want) || len(err.Error()) > 400:
			t.Errorf("%s: the error is %.400q, want it to have %q", c.name, err, c.want)
		}
	}
}

func TestLoadAccepts(t *testing.T) {
	template := `{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[X]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"e","type_id":0}}],
		"pair":[],"special_tokens":{"[X]":{"id":"[X]","ids":[259],"tokens":["[X]"]},"e":{"id":"e","ids":[101,102],"tokens":["e","f"]}}}`
	plain := `[` + addedJSON("259", `"[X]"`, special) + `]`
	for _, c := range []struct {
		name           string
		values         map[string]string
		text           string
		want           []int32
		prefix, suffix []int32
		size           int
	}{
		{name: "plain", text: "abcab", want: []int32{257, 256}, size: 259},
		{name: "merges as lists", values: map[string]string{"merges": `[["a","b"],["ab","c"]]`}, text: "abcab", want: []int32{257, 256}, size: 259},
		{name: "no merges", values: map[string]string{"merges": `[]`}, text: "ab", want: []int32{97, 98}, size: 259},
		{name: "holes and large ids", values: map[string]string{"vocab": `"zz":16777216,"y y":1000,`}, text: "abc", want: []int32{257}, size: 16777217},
		{name: "escapes", values: map[string]string{"merges": `["\u0061 b","\u00c3 \u00a9"]`, "vocab": `"\u00c3\u00A9":300,`}, text: "é", want: []int32{300}, size: 301},
		{name: "surrogate pairs", values: map[string]string{"vocab": `"\ud83d\ude00":300,`}, text: "c", want: []int32{99}, size: 301},
		{name: "options switched off", values: map[string]string{"options": `"dropout":0.0,"unk_token":null,"continuing_subword_prefix":"","end_of_word_suffix":"","fuse_unk":false,"byte_fallback":false,"ignore_merges":null,`},
			text: "ab", want: []int32{256}, size: 259},
		{name: "ignore_merges", values: map[string]string{"options": `"ignore_merges":true,`, "merges": `[]`}, text: "abc ab!", want: []int32{257, 32, 97, 98, 33}, size: 259},
		{name: "Lowercase", values: map[string]string{"normalizer": `{"type":"Lowercase"}`}, text: "ABC", want: []int32{257}, size: 259},
		{name: "empty sequence", values: map[string]string{"normalizer": `{"type":"Sequence","normalizers":[]}`}, text: "AB", want: []int32{65, 66}, size: 259},
		{name: "type at the end", values: map[string]string{"normalizer": `{"normalizers":[{"type":"Lowercase"}],"type":"Sequence"}`}, text: "ABC", want: []int32{257}, size: 259},
		{name: "prefix space", values: map[string]string{"pre": `{"type":"ByteLevel","add_prefix_space":true}`, "added": plain}, text: "ab[X]c[X] c",
			want: []int32{32, 256, 259, 32, 99, 259, 32, 99}, size: 260},
		{name: "template", values: map[string]string{"added": plain, "post": template}, text: "c", want: []int32{99}, prefix: []int32{259}, suffix: []int32{101, 102}, size: 260},
		{name: "ByteLevel as post-processor", values: map[string]string{"post": `{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":false,"use_regex":true}`}, text: "c", want: []int32{99}, size: 259},
		{name: "Sequence of post-processors", values: map[string]string{"added": plain, "post": `{"type":"Sequence","processors":[{"type":"ByteLevel","add_prefix_space":true},` + template + `]}`},
			text: "c", want: []int32{99}, prefix: []int32{259}, suffix: []int32{101, 102}, size: 260},
	} {
		tok, err := Load("tokenizer.json", fill(t, c.values))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := tok.Encode(c.text, Options{}); !slices.Equal(got.IDs, c.want) {
			t.Errorf("%s: %q becomes %v, want %v", c.name, c.text, got.IDs, c.want)
		}
		if prefix, suffix := tok.Template(); !slices.Equal(prefix, c.prefix) || !slices.Equal(suffix, c.suffix) {
			t.Errorf("%s: the template is %v … %v, want %v … %v", c.name, prefix, suffix, c.prefix, c.suffix)
		}
		if tok.Size() != c.size {
			t.Errorf("%s: the size is %d, want %d", c.name, tok.Size(), c.size)
		}
	}
}

func TestTemplateIsACopy(t *testing.T) {
	tok := modernBERT(t)
	prefix, _ := tok.Template()
	prefix[0] = -1
	if again, _ := tok.Template(); again[0] != 50281 {
		t.Errorf("the template changed to %v with the caller's copy", again)
	}
}

// TestLoadMemory: what loading takes is in proportion to the file, whatever
// ids and lengths it names.
func TestLoadMemory(t *testing.T) {
	for name, values := range map[string]map[string]string{
		"one large id":      {"vocab": `"zz":16777216,`},
		"one long token":    {"vocab": `"` + strings.Repeat("z", 1<<20) + `":300,`},
		"many short merges": {"merges": `[` + strings.Repeat(`"a b",`, 1<<16) + `"a b"]`},
	} {
		data := fill(t, values)
		var tok *Tokenizer
		size := allocated(func() { tok = load(t, data) })
		if limit := 24*len(data) + megabytes; size > limit {
			t.Errorf("%s: a file of %d bytes allocates %d, want at most %d", name, len(data), size, limit)
		}
		runtime.KeepAlive(tok)
	}
}
