package token

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzEncode(f *testing.F) {
	tokenizers := everyTokenizer(f)
	var names []string
	for name := range tokenizers {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, l := range goldenLines(f) {
		if i%40 == 0 {
			f.Add(l.Text, uint8(i), uint8(i/40))
		}
	}
	for i, piece := range alphabet {
		f.Add(piece+" "+alphabet[(i*7+3)%len(alphabet)]+piece, uint8(i), uint8(3))
	}
	f.Fuzz(func(t *testing.T, text string, choice, limit uint8) {
		tok := tokenizers[names[int(choice/4)%len(names)]]
		o := everyOption[choice%4]
		got := tok.Encode(text, o)
		if wrong := checkSpans(tok.encoder, text, o, got); wrong != "" {
			t.Error(wrong)
		}
		if utf8.ValidString(text) != (got.Repaired == 0) {
			t.Errorf("%d bytes were repaired", got.Repaired)
		}
		if !checkChunks(tok, text, o) {
			t.Error("differs when cut into chunks")
		}
		if wrong := checkLimit(tok, text, o, 1+int(limit)); wrong != "" {
			t.Error(wrong)
		}
	})
}

// FuzzLoad puts a text into one place of a small tokenizer.json, or has it be
// the whole file.
func FuzzLoad(f *testing.F) {
	places := []string{"version", "top", "added", "normalizer", "pre", "post", "options", "vocab", "merges"}
	whole := uint8(len(places))
	for place, values := range [][]string{
		{`"1.0"`, `null`},
		{`"extra":1,`, `"truncation":{"a":[{}]},`},
		{`[` + addedJSON("259", `"[X]"`, special) + `]`, `[` + addedJSON("259", `"\u00e9"`, special) + `,` + addedJSON("260", `" "`, special) + `]`},
		{`{"type":"NFC"}`, `{"type":"Sequence","normalizers":[{"type":"Lowercase"},{"type":"NFC"}]}`},
		{`{"type":"ByteLevel","add_prefix_space":true,"use_regex":false}`},
		{`{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"a","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"special_tokens":{"a":{"id":"a","ids":[97],"tokens":["a"]}}}`,
			`{"processors":[{"type":"ByteLevel","add_prefix_space":false}],"type":"Sequence"}`},
		{`"ignore_merges":true,"dropout":null,`, `"unk_token":"a",`},
		{`"\ud83d\ude00\n":300,"":301,`, `"zz":-1,`},
		{`[["a","b"],["ab","c"]]`, `["a b","#version","\u0061 b"]`},
		{`{"model":{"type":"BPE"}}`, `[]`, ``},
	} {
		for _, value := range values {
			f.Add(uint8(place), value)
		}
	}
	f.Add(whole, string(fill(f, nil)))
	f.Fuzz(func(t *testing.T, place uint8, value string) {
		data := []byte(value)
		if place < whole {
			data = fill(t, map[string]string{places[place]: value})
		}
		tok, err := Load("tokenizer.json", data)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "token: tokenizer.json: ") || len(err.Error()) > 1000 {
				t.Errorf("the error is %q", err)
			}
			return
		}
		const text = "abcab  [X] İS \u0301é\n\xff"
		for _, o := range everyOption {
			got := tok.Encode(text, o)
			if len(got.IDs) == 0 || len(got.IDs) != len(got.Spans) {
				t.Errorf("%d ids, %d spans", len(got.IDs), len(got.Spans))
			}
			for _, id := range got.IDs {
				if token, ok := tok.Token(id); !ok || int(id) >= tok.Size() {
					t.Errorf("the id %d is the token %q, %v, of %d", id, token, ok, tok.Size())
				}
			}
		}
	})
}
