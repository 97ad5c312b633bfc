package token

import (
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/toller-search/toller/testdata"
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
		if wrong := checkSpans(tok.own, text, o, got); wrong != "" {
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

func FuzzLoad(f *testing.F) {
	f.Add(fill(f, nil))
	f.Add(fill(f, map[string]string{
		"added":      `[` + addedJSON("259", `"[X]"`, special) + `]`,
		"normalizer": `{"type":"Sequence","normalizers":[{"type":"Lowercase"},{"type":"NFC"}]}`,
		"post": `{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[X]","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
			"special_tokens":{"[X]":{"id":"[X]","ids":[259],"tokens":["[X]"]}}}`,
		"merges": `[["a","b"],["ab","c"]]`,
	}))
	f.Add(fill(f, map[string]string{
		"pre":     `{"type":"ByteLevel","add_prefix_space":true,"use_regex":false}`,
		"options": `"ignore_merges":true,"dropout":null,`, "vocab": `"\ud83d\ude00\n":300,"":301,`,
	}))
	f.Add(testdata.Read(f, "tokenizers/modernbert.json")[:4096])
	f.Fuzz(func(t *testing.T, data []byte) {
		tok, err := Load("tokenizer.json", data)
		if err != nil {
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
