package token

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/toller-search/toller/testdata"
)

var fallbackOnce sync.Once
var fallbackAll map[string]*Tokenizer

// fallbacks are tokenizers in the manner of Gemma's, one of them without some
// bytes.
func fallbacks(tb testing.TB) map[string]*Tokenizer {
	tb.Helper()
	fallbackOnce.Do(func() {
		data := string(testdata.Read(tb, "tokenizers/bytefallback.json"))
		edit := func(old, new string) *Tokenizer {
			if strings.Count(data, old) != 1 {
				tb.Fatalf("%s is there %d times", old, strings.Count(data, old))
			}
			return load(tb, []byte(strings.Replace(data, old, new, 1)))
		}
		gaps := string(testdata.Read(tb, "tokenizers/bytefallback-gaps.json"))
		fallbackAll = map[string]*Tokenizer{
			"lines":      load(tb, []byte(data)),
			"lines-gaps": load(tb, []byte(gaps)),
			"unfused":    load(tb, []byte(strings.Replace(gaps, `"fuse_unk":true`, `"fuse_unk":false`, 1))),
			"lower": edit(`"normalizer":{"type":"Replace","pattern":{"String":" "},"content":"▁"}`,
				`"normalizer":{"type":"Sequence","normalizers":[{"type":"Lowercase"},{"type":"NFC"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}`),
		}
	})
	if len(fallbackAll) == 0 {
		tb.Fatal("the tokenizers did not load")
	}
	return fallbackAll
}

type fallbackLine struct {
	bertLine
	Template []int32 `json:"ids_template"`
}

func fallbackLines(tb testing.TB, name string) (lines []fallbackLine) {
	tb.Helper()
	in := bufio.NewScanner(bytes.NewReader(testdata.Read(tb, "bytefallback/"+name+".jsonl")))
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var l fallbackLine
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			tb.Fatal(err)
		}
		lines = append(lines, l)
	}
	return lines
}

func TestFallbackGolden(t *testing.T) {
	for name, want := range map[string]int{"lines": 1619, "lines-gaps": 220} {
		tok, lines := fallbacks(t)[name], fallbackLines(t, name)
		if len(lines) != want {
			t.Errorf("%s: %d lines, want %d", name, len(lines), want)
		}
		prefix, suffix := tok.Template()
		for _, l := range lines {
			got := tok.Encode(l.Text, Options{})
			if !slices.Equal(got.IDs, l.IDs) {
				t.Errorf("%s, line %d (%s) %+q: got %v, want %v", name, l.ID, l.Category, l.Text, got.IDs, l.IDs)
				continue
			}
			for i, s := range got.Spans {
				if want := (Span{l.Offsets[i][0], l.Offsets[i][1]}); s != want && name == "lines" {
					t.Errorf("%s, line %d (%s) %+q: token %d has span %v, want %v", name, l.ID, l.Category, l.Text, i, s, want)
				}
			}
			if whole := slices.Concat(prefix, got.IDs, suffix); l.Template != nil && !slices.Equal(whole, l.Template) {
				t.Errorf("%s, line %d: with the template %v, want %v", name, l.ID, whole, l.Template)
			}
			if !checkChunks(tok, l.Text, Options{}) {
				t.Errorf("%s, line %d %+q: differs when cut into chunks", name, l.ID, l.Text)
			}
		}
	}
}

// simpleFallback is the model as one would explain it.
func simpleFallback(b *fallbackBPE, word string) []int32 {
	var symbols []int32
	pending := false
	for _, r := range word {
		if index := b.vocab.lookup([]byte(string(r))); index >= 0 {
			if pending {
				symbols = append(symbols, b.unknown)
			}
			pending = false
			symbols = append(symbols, index)
			continue
		}
		var all []int32
		for _, c := range []byte(string(r)) {
			if index := b.vocab.lookup(fmt.Appendf(nil, "<0x%02X>", c)); index >= 0 {
				all = append(all, index)
			}
		}
		if len(all) == utf8.RuneLen(r) {
			symbols = append(symbols, all...)
			continue
		}
		if pending && !b.fuse {
			symbols = append(symbols, b.unknown)
		}
		pending = true
	}
	if pending {
		symbols = append(symbols, b.unknown)
	}
	for {
		best, at := int32(noMerge), 0
		for i := 0; i+1 < len(symbols); i++ {
			if rank := b.merges.rank(symbols[i], symbols[i+1]); rank < best {
				best, at = rank, i
			}
		}
		if best == noMerge {
			return symbols
		}
		symbols = slices.Replace(symbols, at, at+2, b.merges.result[best])
	}
}

// checkFallback reports what is wrong with the encoding of a text; "" if
// nothing is.
func checkFallback(tok *Tokenizer, text string, o Options, limit int) string {
	e := tok.encoder
	got := tok.Encode(text, o)
	start, end := 0, len(text)
	if o.Strip {
		start, end = strip(text)
	}
	previous, covered := start, start
	for i, s := range got.Spans {
		if s.Start < previous || s.Start > covered || s.End < s.Start || s.End > end {
			return fmt.Sprintf("token %d has span %v after one from %d on, up to %d is covered", i, s, previous, covered)
		}
		previous, covered = s.Start, max(covered, s.End)
	}
	if covered != end {
		return fmt.Sprintf("the spans cover up to %d, want %d", covered, end)
	}
	if !checkChunks(tok, text, o) {
		return "differs when cut into chunks"
	}
	if wrong := checkLimit(tok, text, o, limit); wrong != "" {
		return wrong
	}
	b := e.model.(*fallbackBPE)
	if o == (Options{}) && len(e.normalizers) == 1 && utf8.ValidString(text) && !strings.ContainsAny(text, "[<▁\n") {
		var want []int32
		for _, index := range simpleFallback(b, strings.ReplaceAll(text, " ", "▁")) {
			want = append(want, b.vocab.tokens[index].id)
		}
		if !slices.Equal(got.IDs, want) {
			return fmt.Sprintf("%+q becomes %v, want %v", text, got.IDs, want)
		}
	}
	return ""
}

var fallbackPieces = append(strings.Split("▁ ▁▁ ▁▁▁ <0x41> <0xE2> <unk> <pad> <bos> <h1> \n\n \n\n\n [Q]▁ 日 本 \U0001f600 \U00020000 hello world the ing", " "), alphabet...)

func FuzzFallback(f *testing.F) {
	tokenizers := fallbacks(f)
	var names []string
	for name := range tokenizers {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, piece := range fallbackPieces {
		f.Add(piece+fallbackPieces[(i*7+3)%len(fallbackPieces)]+" "+piece, uint8(i), uint8(3))
	}
	for i, l := range fallbackLines(f, "lines") {
		if i%40 == 0 {
			f.Add(l.Text, uint8(i/40), uint8(i))
		}
	}
	f.Fuzz(func(t *testing.T, text string, choice, limit uint8) {
		name := names[int(choice/4)%len(names)]
		if wrong := checkFallback(tokenizers[name], text, everyOption[choice%4], 1+int(limit)); wrong != "" {
			t.Errorf("%s: %s", name, wrong)
		}
	})
}

func TestFallbackOnRandomTexts(t *testing.T) {
	rng := newRand(t)
	for name, tok := range fallbacks(t) {
		for range times(2000) {
			var b strings.Builder
			for range 1 + rng.IntN(20) {
				switch p := rng.IntN(20); {
				case p < 4:
					b.WriteString(strings.Repeat(" ", 1+rng.IntN(3)))
				case p == 4:
					b.WriteRune(rune(rng.IntN(0x20000)))
				default:
					b.WriteString(fallbackPieces[rng.IntN(len(fallbackPieces))])
				}
			}
			o := everyOption[rng.IntN(2)*rng.IntN(4)]
			if wrong := checkFallback(tok, b.String(), o, 1+rng.IntN(20)); wrong != "" {
				t.Fatalf("%s, %+v, %+q: %s", name, o, b.String(), wrong)
			}
		}
	}
}

func TestLoadRefusesFallback(t *testing.T) {
	const whole = `{"normalizer":{"type":"Replace","pattern":{"String":" "},"content":"▁"},"pre_tokenizer":null,
		"model":{"type":"BPE","unk_token":"u","fuse_unk":true,"byte_fallback":true,"vocab":{"a":0,"b":1,"u":2,"ab":3,"<0x63>":4,"▁":5,"<0x63>a":6,"":7},"merges":["a b"]}}`
	tok := load(t, []byte(whole))
	if got := tok.Encode("ab cdea", Options{}); !slices.Equal(got.IDs, []int32{3, 5, 4, 2, 0}) {
		t.Errorf("got %v", got.IDs)
	}
	for _, c := range []struct{ old, new, want string }{
		{`"unk_token":"u"`, `"unk_token":"x"`, `model: the unk_token "x" is not in model.vocab`},
		{`"unk_token":"u"`, `"unk_token":null`, `model: there are neither tokens <0x00> to <0xFF>`},
		{`"unk_token":"u"`, `"unk_token":1`, `model.unk_token: found 1, want a string`},
		{`"fuse_unk":true`, `"fuse_unk":1`, `model.fuse_unk: found 1, want true or false`},
		{`"fuse_unk":true`, `"ignore_merges":true`, `model.ignore_merges: found true; supported with byte_fallback: false`},
		{`"byte_fallback":true`, `"byte_fallback":false`, `model.unk_token: found "u"; supported without byte_fallback: null`},
		{`["a b"]`, `["<0x63> a"]`, `model.merges: the token "<0x63>" is merged, which is not supported`},
		{`["a b"]`, `[["","a"]]`, `model.merges: the token "" is merged, which is not supported`},
		{`["a b"]`, `["a c"]`, `model.merges[0]: the token "c" is not in model.vocab`},
		{`"pre_tokenizer":null`, `"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false}`, `pre_tokenizer: the pre-tokenizer "ByteLevel" is not supported with this model; supported: Split`},
		{`"pre_tokenizer":null`, `"pre_tokenizer":{"type":"Split","pattern":{"String":"x"},"behavior":"Isolated"}`, `pre_tokenizer.pattern["String"]: found "x"; supported is only what the normalizer replaces`},
		{`"pre_tokenizer":null`, `"pre_tokenizer":{"type":"Split","pattern":{"Regex":" "},"behavior":"Isolated"}`, `pre_tokenizer.pattern["Regex"]: is not a supported option`},
		{`"pre_tokenizer":null`, `"pre_tokenizer":{"type":"Split","pattern":{"String":" "},"behavior":"Isolated","invert":true}`, `pre_tokenizer.invert: found true; supported: false`},
		{`"pattern":{"String":" "}`, `"pattern":{"String":"  "}`, `normalizer.pattern["String"]: found "  ", want one character`},
		{`"pattern":{"String":" "}`, `"pattern":{"Regex":" "}`, `normalizer.pattern["Regex"]: is not a supported option`},
		{`"content":"▁"`, `"content":""`, `normalizer.content: found "", want one character`},
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

// TestLongTextsWithFallback: no text takes more than its length's share of
// time, and one that has places to cut takes little memory for its first tokens.
func TestLongTextsWithFallback(t *testing.T) {
	for name, tok := range fallbacks(t) {
		for _, c := range longTexts(t, times(megabytes/2)) {
			start := time.Now()
			tok.Encode(c.text, Options{Lower: true})
			if took := time.Since(start); took > time.Minute {
				t.Errorf("%s, %s: %d bytes took %v", name, c.name, len(c.text), took)
			}
			if c.name != "English" || !tok.encoder.model.(*fallbackBPE).complete {
				continue // has no place, or none that the vocabulary of this file tells
			}
			var got Encoding
			size := allocated(func() { got = tok.Encode(c.text, Options{Strip: true, Lower: true, Limit: 509}) })
			if len(got.IDs) != 509 || !got.Truncated || size > megabytes {
				t.Errorf("%s, %s: %d tokens, truncated %v, %d bytes allocated, want 509, true and 1 MB", name, c.name, len(got.IDs), got.Truncated, size)
			}
		}
	}
}
