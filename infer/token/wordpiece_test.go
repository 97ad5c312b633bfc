package token

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/toller-search/toller/testdata"
)

// bertVariants have bert-base-uncased's tokenizer with other normalizers.
var bertVariants = map[string]string{
	"lines":     `{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true}`,
	"cased":     `{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":false}`,
	"striponly": `{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":true,"lowercase":false}`,
	"nochinese": `{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":false,"strip_accents":null,"lowercase":true}`,
	"nostrip":   `{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":false,"lowercase":true}`,
	"unclean":   `{"type":"BertNormalizer","clean_text":false,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true}`,
	"lowercase": `{"type":"Sequence","normalizers":[{"type":"Lowercase"},` +
		`{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true}]}`,
}

var bertOnce sync.Once
var bertAll map[string]*Tokenizer

// berts returns a tokenizer for each of bertVariants, with PyLate's prefixes as
// added tokens.
func berts(tb testing.TB) map[string]*Tokenizer {
	tb.Helper()
	bertOnce.Do(func() {
		bertAll = map[string]*Tokenizer{}
		data := string(testdata.Read(tb, "tokenizers/bert.json"))
		for name, normalizer := range bertVariants {
			bertAll[name] = load(tb, []byte(strings.Replace(data, bertVariants["lines"], normalizer, 1)))
		}
		prefixes := `{"id":30522,"content":"[Q] ","single_word":false,"lstrip":false,"rstrip":false,"normalized":true,"special":false},` +
			`{"id":30523,"content":"中 x","single_word":false,"lstrip":true,"rstrip":true,"normalized":true,"special":false},` +
			`{"id":30524,"content":"é!","single_word":true,"lstrip":false,"rstrip":false,"normalized":true,"special":false},`
		bertAll["added"] = load(tb, []byte(strings.Replace(data, `"added_tokens":[`, `"added_tokens":[`+prefixes, 1)))
	})
	if len(bertAll) == 0 {
		tb.Fatal("the tokenizers did not load")
	}
	return bertAll
}

// A bertLine is a text with the ids and spans that huggingface/tokenizers gives.
type bertLine struct {
	ID         int      `json:"id"`
	Category   string   `json:"cat"`
	Text       string   `json:"text"`
	IDs        []int32  `json:"ids"`
	Offsets    [][2]int `json:"offsets"`
	Normalized *string  `json:"normalized"`
}

func bertLines(tb testing.TB, name string) (lines []bertLine) {
	tb.Helper()
	in := bufio.NewScanner(bytes.NewReader(testdata.Read(tb, name)))
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var l bertLine
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			tb.Fatal(err)
		}
		lines = append(lines, l)
	}
	return lines
}

func TestWordPieceGolden(t *testing.T) {
	for name, want := range map[string]int{"lines": 3201, "cased": 340, "striponly": 230, "nochinese": 230} {
		tok, lines := berts(t)[name], bertLines(t, "wordpiece/"+name+".jsonl")
		if len(lines) != want {
			t.Errorf("%s: %d lines, want %d", name, len(lines), want)
		}
		for _, l := range lines {
			got := tok.Encode(l.Text, Options{})
			if !slices.Equal(got.IDs, l.IDs) {
				t.Errorf("%s, line %d (%s) %+q: got %v, want %v", name, l.ID, l.Category, l.Text, got.IDs, l.IDs)
				continue
			}
			for i, s := range got.Spans {
				if s != (Span{l.Offsets[i][0], l.Offsets[i][1]}) {
					t.Errorf("%s, line %d (%s) %+q: token %d has span %v, want %v", name, l.ID, l.Category, l.Text, i, s, l.Offsets[i])
				}
			}
			if l.Normalized != nil {
				if text := tok.encoder.normalize(l.Text); text != *l.Normalized {
					t.Errorf("%s, line %d (%s) %+q becomes %+q, want %+q", name, l.ID, l.Category, l.Text, text, *l.Normalized)
				}
			}
			if got.Truncated || got.Repaired != 0 || !checkChunks(tok, l.Text, Options{}) {
				t.Errorf("%s, line %d %+q: truncated %v, repaired %d, or differs when cut into chunks", name, l.ID, l.Text, got.Truncated, got.Repaired)
			}
		}
	}
}

// TestBertNormalizerOnEveryCharacter compares with what huggingface/tokenizers
// makes of every code point alone.
func TestBertNormalizerOnEveryCharacter(t *testing.T) {
	for file, variant := range map[string]string{"norm-default": "lines", "norm-nostrip": "nostrip", "norm-striponly": "striponly"} {
		changed := map[rune]string{}
		for line := range strings.Lines(string(testdata.Read(t, "wordpiece/"+file+".txt"))) {
			fields := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == ',' || r == '\n' })
			changed[hexRune(t, fields[0])] = ""
			for _, f := range fields[1:] {
				changed[hexRune(t, fields[0])] += string(hexRune(t, f))
			}
		}
		e := berts(t)[variant].encoder
		for r := range unicode.MaxRune + 1 {
			if !utf8.ValidRune(r) {
				continue
			}
			want, ok := changed[r]
			if file == "norm-striponly" {
				// The file has what stripping does, and not the rest.
				var dst layer
				if !ok {
					want = string(r)
				}
				bertNormalizer{strip: true}.apply(&dst, []byte(string(r)), &composer{})
				if string(dst.text) != want {
					t.Errorf("%s: %U becomes %+q, want %+q", file, r, dst.text, want)
				}
				continue
			}
			if !ok {
				want = string(r)
			}
			if got := e.normalize(string(r)); got != want {
				t.Errorf("%s: %U becomes %+q, want %+q", file, r, got, want)
			}
		}
	}
}

func hexRune(tb testing.TB, digits string) rune {
	tb.Helper()
	r, err := strconv.ParseUint(digits, 16, 32)
	if err != nil {
		tb.Fatal(err)
	}
	return rune(r)
}

// TestBertClassesOfEveryCharacter compares with what huggingface/tokenizers
// makes of "a", a code point and "b", with a vocabulary in which all that
// matters can be seen.
func TestBertClassesOfEveryCharacter(t *testing.T) {
	var classes map[string][][2]rune
	if err := json.Unmarshal(testdata.Read(t, "wordpiece/classes.json"), &classes); err != nil {
		t.Fatal(err)
	}
	n := bertNormalizer{clean: true, chinese: true, strip: true, lower: true}
	seen := 0
	for class, ranges := range classes {
		for _, r := range ranges {
			for c := r[0]; c <= r[1]; c++ {
				if !utf8.ValidRune(c) {
					continue
				}
				seen++
				var dst layer
				n.apply(&dst, []byte("a"+string(c)+"b"), &composer{})
				var words []string
				for rest := dst.text; len(rest) > 0; {
					from, to := bertPreTokenizer{}.next(rest)
					if from < to {
						words = append(words, string(rest[from:to]))
					}
					rest = rest[to:]
				}
				got := "word"
				switch {
				case len(words) == 2:
					got = "space"
				case len(words) == 3:
					got = "isolated"
				case words[0] == "ab":
					got = "dropped"
				case words[0] == "abb":
					got = "other:a ##b ##b"
				}
				if got != class {
					t.Errorf("%U is %s, want %s: %q", c, got, class, words)
				}
			}
		}
	}
	if seen != unicode.MaxRune+1-0x800 {
		t.Errorf("%d characters, want all", seen)
	}
}

// simpleBert is BertNormalizer, BertPreTokenizer and WordPiece as one would
// explain them: whole texts, one step after the other. It returns ids.
func simpleBert(m *wordPiece, n bertNormalizer, text string) (ids []int32) {
	d := characters()
	each := func(f func(r rune) string) {
		var b strings.Builder
		for _, r := range text {
			b.WriteString(f(r))
		}
		text = b.String()
	}
	if n.clean {
		each(func(r rune) string {
			if r == 0 || r == 0xFFFD || r != '\t' && r != '\n' && r != '\r' && unicode.Is(otherCategories, r) {
				return ""
			}
			if slices.Contains(whiteSpace, r) {
				return " "
			}
			return string(r)
		})
	}
	if n.chinese {
		each(func(r rune) string {
			for _, block := range chinese {
				if r >= block[0] && r <= block[1] {
					return " " + string(r) + " "
				}
			}
			return string(r)
		})
	}
	if n.strip {
		var runes []rune
		for _, r := range text {
			runes = d.appendDecomposed(runes, r)
		}
		for from := 0; from < len(runes); {
			to := from + 1
			for d.classOf(runes[from]) != 0 && to < len(runes) && d.classOf(runes[to]) != 0 {
				to++
			}
			slices.SortStableFunc(runes[from:to], func(a, b rune) int { return int(d.classOf(a)) - int(d.classOf(b)) })
			from = to
		}
		text = string(slices.DeleteFunc(runes, func(r rune) bool { return unicode.Is(nonspacingMarks, r) }))
	}
	if n.lower {
		each(func(r rune) string {
			if r == 'İ' {
				return "i\u0307"
			}
			return string(d.lowerRust(r))
		})
	}
	each(func(r rune) string {
		if strings.ContainsRune("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", r) || unicode.Is(punctuation, r) {
			return " " + string(r) + " "
		}
		return string(r)
	})
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return slices.Contains(whiteSpace, r) }) {
		var found []int32
		runes := []rune(word)
		for start := 0; start < len(runes); {
			end, prefix := len(runes), ""
			if start > 0 {
				prefix = m.prefix
			}
			for end > start && m.vocab.lookup([]byte(prefix+string(runes[start:end]))) < 0 {
				end--
			}
			if end == start || len(runes) > m.maxChars {
				found = []int32{m.unknown}
				break
			}
			found = append(found, m.vocab.lookup([]byte(prefix+string(runes[start:end]))))
			start = end
		}
		for _, index := range found {
			ids = append(ids, m.vocab.tokens[index].id)
		}
	}
	return ids
}

// bertPieces are what random texts for WordPiece are drawn from.
var bertPieces = append(strings.Split("Retrieval unaffable électricité 中 文 \U0002b820 \U0002b830 \uf900 \ufa30 한 ᄒ \u302e \u302f \U0001d165 \U0001d16d \U0001d15e "+
	"\u034f \u0344 \u0f73 \u0f71 \u0899 \u180e \ue000 \u00ad \u2028 \u0085 \x0b \x7f \x00 € © « 。 \u111c9 \u166d $ + < ` ~ ## ##s [UNK] [CLS] [UNUSED0] 中x é! é !", " "), alphabet...)

func FuzzWordPiece(f *testing.F) {
	tokenizers := berts(f)
	var names []string
	for name := range tokenizers {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, piece := range bertPieces {
		f.Add(piece+bertPieces[(i*7+3)%len(bertPieces)]+" "+piece, uint8(i), uint8(3))
	}
	for i, l := range bertLines(f, "wordpiece/lines.jsonl") {
		if i%40 == 0 {
			f.Add(l.Text, uint8(i/40), uint8(i))
		}
	}
	f.Fuzz(func(t *testing.T, text string, choice, limit uint8) {
		name := names[int(choice/4)%len(names)]
		if wrong := checkBert(tokenizers[name], text, everyOption[choice%4], 1+int(limit)); wrong != "" {
			t.Errorf("%s: %s", name, wrong)
		}
	})
}

// checkBert reports what is wrong with the encoding of a text; "" if nothing is.
func checkBert(tok *Tokenizer, text string, o Options, limit int) string {
	e := tok.encoder
	got := tok.Encode(text, o)
	previous := 0
	for i, s := range got.Spans {
		if s.Start < previous || s.End <= s.Start || s.End > len(text) ||
			utf8.ValidString(text) && !utf8.ValidString(text[:s.Start]+"|"+text[s.Start:s.End]) {
			return fmt.Sprintf("token %d has span %v after one from %d on", i, s, previous)
		}
		previous = s.Start
		// The span by itself has the token in it.
		if n, ok := e.normalizers[0].(bertNormalizer); ok && len(e.normalizers) == 1 && e.addedByID[got.IDs[i]] == nil && !o.Lower {
			literal, _ := tok.Token(got.IDs[i])
			source := strings.ToValidUTF8(text[s.Start:s.End], "\ufffd")
			if own := e.normalize(source); !strings.Contains(own, strings.TrimPrefix(literal, "##")) && !strings.Contains(own, literal) && len(source) < 12 && n.clean && !unicodeMark(source) {
				return fmt.Sprintf("token %d is %q, its span %v is %q", i, literal, s, source)
			}
		}
	}
	if !checkChunks(tok, text, o) {
		return "differs when cut into chunks"
	}
	if wrong := checkLimit(tok, text, o, limit); wrong != "" {
		return wrong
	}
	if n, ok := e.normalizers[0].(bertNormalizer); ok && len(e.normalizers) == 1 && o == (Options{}) && utf8.ValidString(text) &&
		!strings.Contains(text, "[") && len(e.addedByID) == 5 {
		if want := simpleBert(e.model.(*wordPiece), n, text); !slices.Equal(got.IDs, want) {
			return fmt.Sprintf("%+q becomes %v, want %v", text, got.IDs, want)
		}
	}
	return ""
}

// unicodeMark says that marks were put into another order, in which each has
// the span of the one that stood in its place.
func unicodeMark(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return characters().of(r)&(combines|decomposes) != 0 })
}

func TestWordPieceOnRandomTexts(t *testing.T) {
	rng := newRand(t)
	for name, tok := range berts(t) {
		for range times(3000) {
			var b strings.Builder
			for range 1 + rng.IntN(20) {
				switch p := rng.IntN(20); {
				case p < 3:
					b.WriteString(strings.Repeat(" ", 1+rng.IntN(3)))
				case p == 3:
					b.WriteRune(rune(rng.IntN(0x20000)))
				default:
					b.WriteString(bertPieces[rng.IntN(len(bertPieces))])
				}
			}
			o := everyOption[rng.IntN(2)*rng.IntN(4)]
			if wrong := checkBert(tok, b.String(), o, 1+rng.IntN(20)); wrong != "" {
				t.Fatalf("%s, %+v, %+q: %s", name, o, b.String(), wrong)
			}
		}
	}
}

// TestLongTextsAsWordPiece: no text takes more than its length's share of time,
// and one that has places to cut takes little memory for its first tokens.
func TestLongTextsAsWordPiece(t *testing.T) {
	tok := berts(t)["lines"]
	n := times(megabytes)
	texts := append(longTexts(t, n),
		longText{"one letter", strings.Repeat("a", times(10*megabytes)), true},
		longText{"jamo", strings.Repeat("한", n/3), true},
		longText{"marks of all classes", "e" + strings.Repeat("\u0301\u0323\u302e\U0001d165\u034f", n/17), true},
		longText{"control characters", "a" + strings.Repeat("\u200b", n/3) + "b", true},
		longText{"unknown words", strings.Repeat(strings.Repeat("q", 99)+" ", n/100), false},
	)
	for _, c := range texts {
		start := time.Now()
		all := tok.Encode(c.text, Options{Lower: true})
		if took := time.Since(start); took > time.Minute {
			t.Errorf("%s: %d bytes took %v", c.name, len(c.text), took)
		}
		if c.name == "one letter" && !slices.Equal(all.IDs, []int32{100}) || c.name == "one letter" && all.Spans[0] != (Span{0, len(c.text)}) {
			t.Errorf("%s: %d tokens, want one that is unknown", c.name, len(all.IDs))
		}
		if c.whole || c.name == "NUL" || c.name == "random bytes" {
			continue
		}
		var got Encoding
		size := allocated(func() { got = tok.Encode(c.text, Options{Strip: true, Lower: true, Limit: 509}) })
		if len(got.IDs) != 509 || !got.Truncated || size > megabytes {
			t.Errorf("%s: %d tokens, truncated %v, %d bytes allocated, want 509, true and 1 MB", c.name, len(got.IDs), got.Truncated, size)
		}
	}
}

func TestLoadRefusesWordPiece(t *testing.T) {
	const whole = `{"normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},
		"pre_tokenizer":{"type":"BertPreTokenizer"},"post_processor":{"type":"BertProcessing","sep":["b",1],"cls":["a",0]},
		"model":{"type":"WordPiece","unk_token":"u","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{"a":0,"b":1,"u":2,"##b":9}}}`
	tok := load(t, []byte(whole))
	if got := tok.Encode("ab c", Options{}); !slices.Equal(got.IDs, []int32{0, 9, 2}) {
		t.Errorf("got %v", got.IDs)
	}
	if prefix, suffix := tok.Template(); !slices.Equal(prefix, []int32{0}) || !slices.Equal(suffix, []int32{1}) || tok.Size() != 10 {
		t.Errorf("template %v … %v, size %d", prefix, suffix, tok.Size())
	}
	for _, c := range []struct{ old, new, want string }{
		{`"unk_token":"u",`, ``, `model: "unk_token" is missing`},
		{`"unk_token":"u"`, `"unk_token":"x"`, `model: the unk_token "x" is not in model.vocab`},
		{`"unk_token":"u"`, `"unk_token":null`, `model.unk_token: found null, want a string`},
		{`"continuing_subword_prefix":"##",`, ``, `"continuing_subword_prefix" is missing`},
		{`"max_input_chars_per_word":100,`, ``, `"max_input_chars_per_word" is missing`},
		{`per_word":100`, `per_word":1001`, `model.max_input_chars_per_word: found 1001, want 1 to 1000`},
		{`per_word":100`, `per_word":0`, `model.max_input_chars_per_word: found 0, want 1 to 1000`},
		{`per_word":100`, `per_word":100,"merges":[]`, `model.merges: is not a supported option`},
		{`{"a":0,"b":1,"u":2,"##b":9}`, `{}`, `the unk_token "u" is not in model.vocab`},
		{`"BertPreTokenizer"`, `"ByteLevel","add_prefix_space":false`, `pre_tokenizer: the pre-tokenizer "ByteLevel" is not supported with this model; supported: BertPreTokenizer`},
		{`"lowercase":true`, `"lowercase":null`, `normalizer.lowercase: found null, want true or false`},
		{`,"lowercase":true`, ``, `normalizer: "lowercase" is missing`},
		{`["b",1]`, `["b",7]`, `post_processor.sep[1]: there is no token with id 7`},
		{`["b",1]`, `["b"]`, `post_processor.sep: found a list of 1, want a token and its id`},
		{`["b",1]`, `[1,"b"]`, `post_processor.sep[0]: found 1, want a string`},
		{`,"cls":["a",0]`, ``, `post_processor: "cls" is missing`},
		{`{"normalizer"`, `{"added_tokens":[` + strings.ReplaceAll(addedJSON("10", `"\u200b"`, special), `"normalized":false`, `"normalized":true`) + `],"normalizer"`,
			`added_tokens: "\u200b" is nothing after the normalizer`},
	} {
		if strings.Count(whole, c.old) != 1 {
			t.Fatalf("%s is there %d times", c.old, strings.Count(whole, c.old))
		}
		_, err := Load("tokenizer.json", []byte(strings.Replace(whole, c.old, c.new, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, want it to have %q", c.new, err, c.want)
		}
	}
}

func BenchmarkWordPiece(b *testing.B) {
	tok := berts(b)["lines"]
	for name, text := range map[string]string{"english": english(b, 100000), "chinese": strings.Repeat("台北市立動物園在木柵", 3000)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				tok.Encode(text, Options{})
			}
		})
	}
}
