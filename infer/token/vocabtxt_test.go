package token

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/testdata"
)

// TestLoadWordPieceGolden: a vocab.txt with the settings that go with it gives
// the tokens of the tokenizer.json.
func TestLoadWordPieceGolden(t *testing.T) {
	vocab := testdata.Read(t, "tokenizers/bert-vocab.txt")
	yes := true
	for file, s := range map[string]WordPieceSettings{
		"lines":     {},
		"cased":     {Cased: true},
		"striponly": {Cased: true, StripAccents: &yes},
		"nochinese": {JoinChinese: true},
	} {
		tok, err := LoadWordPiece("vocab.txt", vocab, s)
		if err != nil {
			t.Fatal(err)
		}
		same := berts(t)[file]
		prefix, suffix := tok.Template()
		if tok.Size() != same.Size() || !slices.Equal(prefix, []int32{101}) || !slices.Equal(suffix, []int32{102}) {
			t.Errorf("%s: size %d, template %v … %v, want %d, [101] … [102]", file, tok.Size(), prefix, suffix, same.Size())
		}
		for _, l := range bertLines(t, "wordpiece/"+file+".jsonl") {
			got := tok.Encode(l.Text, Options{})
			if want := same.Encode(l.Text, Options{}); !slices.Equal(got.IDs, l.IDs) || !slices.Equal(got.Spans, want.Spans) {
				t.Fatalf("%s, line %d %+q: got %v %v, want %v %v", file, l.ID, l.Text, got.IDs, got.Spans, l.IDs, want.Spans)
			}
		}
	}
}

func TestLoadWordPiece(t *testing.T) {
	added := AddedToken{Content: "[Q] ", ID: 9, Normalized: true}
	for _, c := range []struct {
		name, vocab    string
		settings       WordPieceSettings
		text           string
		want           []int32
		size           int
		prefix, suffix int32
	}{
		{"plain", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\n", WordPieceSettings{}, "ab A b [MASK]", []int32{5, 6, 5, 1, 4}, 7, 2, 3},
		{"no line feed at the end", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b", WordPieceSettings{}, "ab", []int32{5, 6}, 7, 2, 3},
		{"lines of Windows", "[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\n[MASK]\r\na\r\n##b\r\n", WordPieceSettings{}, "ab", []int32{5, 6}, 7, 2, 3},
		{"an empty line", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n\na\n##b\n", WordPieceSettings{}, "ab", []int32{6, 7}, 8, 2, 3},
		{"a line twice", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\na\n", WordPieceSettings{}, "a b", []int32{7, 6}, 8, 2, 3},
		{"special tokens that are missing", "[UNK]\na\n", WordPieceSettings{}, "a [CLS] [MASK] [SEP] [PAD]", []int32{1, 4, 5, 2, 3}, 6, 4, 2},
		{"other special tokens", "<u>\n<c>\n<s>\n<p>\n<m>\na\n", WordPieceSettings{Unknown: "<u>", Classifier: "<c>", Separator: "<s>", Padding: "<p>", Mask: "<m>"},
			"a<m>z[CLS]", []int32{5, 4, 0, 0, 0, 0}, 6, 1, 2},
		{"cased", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nA\né\n", WordPieceSettings{Cased: true}, "a A é", []int32{5, 6, 7}, 8, 2, 3},
		{"added", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\nd\n", WordPieceSettings{Added: []AddedToken{added}}, "[q] a", []int32{9, 5}, 10, 2, 3},
	} {
		tok, err := LoadWordPiece("vocab.txt", []byte(c.vocab), c.settings)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got := tok.Encode(c.text, Options{})
		prefix, suffix := tok.Template()
		if !slices.Equal(got.IDs, c.want) || tok.Size() != c.size || prefix[0] != c.prefix || suffix[0] != c.suffix {
			t.Errorf("%s: %q becomes %v, size %d, template %v … %v, want %v, %d, %d … %d", c.name, c.text, got.IDs, tok.Size(), prefix, suffix, c.want, c.size, c.prefix, c.suffix)
		}
	}
	for _, c := range []struct {
		name, vocab string
		settings    WordPieceSettings
		want        string
	}{
		{"nothing", "", WordPieceSettings{}, `the unknown token "[UNK]" is not in it`},
		{"no unknown token", "a\nb\n", WordPieceSettings{}, `the unknown token "[UNK]" is not in it`},
		{"bytes that are no UTF-8", "[UNK]\n\xff\n", WordPieceSettings{}, "not UTF-8"},
		{"added twice", "[UNK]\na\n", WordPieceSettings{Added: []AddedToken{{Content: "x", ID: 6}, {Content: "x", ID: 7}}}, `"x" is there twice`},
		{"added with the id of another", "[UNK]\na\n", WordPieceSettings{Added: []AddedToken{{Content: "x", ID: 1}}}, `"x" and "a"`},
		{"added that leaves a hole", "[UNK]\na\n", WordPieceSettings{Added: []AddedToken{{Content: "x", ID: 9}}}, "want the next free one, 6"},
		{"added of nothing", "[UNK]\na\n", WordPieceSettings{Added: []AddedToken{{ID: 6}}}, "has 0 bytes"},
		{"added with an absurd id", "[UNK]\na\n", WordPieceSettings{Added: []AddedToken{{Content: "x", ID: -1}}}, "id -1"},
		{"added that normalization deletes", "[UNK]\na\n", WordPieceSettings{Added: []AddedToken{{Content: "\u200b", ID: 6, Normalized: true}}}, "is nothing after the normalizer"},
	} {
		_, err := LoadWordPiece("some/vocab.txt", []byte(c.vocab), c.settings)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "token: some/vocab.txt: ") {
			t.Errorf("%s: the error is %v, want it to have %q", c.name, err, c.want)
		}
	}
}

func TestWordPieceSettings(t *testing.T) {
	yes, no := true, false
	for name, want := range map[string]WordPieceSettings{
		"lines": {}, "added": {}, "cased": {Cased: true}, "striponly": {Cased: true, StripAccents: &yes},
		"nochinese": {JoinChinese: true}, "nostrip": {StripAccents: &no},
	} {
		got, ok := berts(t)[name].WordPiece()
		if !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, ok, want)
		}
	}
	for name, tok := range map[string]*Tokenizer{"unclean": berts(t)["unclean"], "lowercase": berts(t)["lowercase"], "ModernBERT": modernBERT(t)} {
		if got, ok := tok.WordPiece(); ok {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}
