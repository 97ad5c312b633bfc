package token

import (
	"bufio"
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/toller-search/toller/testdata"
)

// A goldenLine is a text with the token ids that huggingface/tokenizers gives.
type goldenLine struct {
	ID             int     `json:"id"`
	Category       string  `json:"cat"`
	Text           string  `json:"text"`
	IDs            []int32 `json:"ids"`
	IDsStrip       []int32 `json:"ids_strip"`
	IDsStripLower  []int32 `json:"ids_strip_lower"`
	IDsLowernorm   []int32 `json:"ids_lowernorm"`
	UnassignedIn14 bool    `json:"unassigned"`
}

var goldenOnce sync.Once
var goldenAll []goldenLine

// goldenLines reads the lines; where ids are left out they are filled in.
func goldenLines(tb testing.TB) []goldenLine {
	tb.Helper()
	goldenOnce.Do(func() {
		in := bufio.NewScanner(bytes.NewReader(testdata.Read(tb, "tokenizer-lines.jsonl")))
		in.Buffer(nil, 1<<20)
		for in.Scan() {
			var l goldenLine
			if err := json.Unmarshal(in.Bytes(), &l); err != nil {
				tb.Fatal(err)
			}
			if l.IDsStrip == nil {
				l.IDsStrip = l.IDs
			}
			if l.IDsStripLower == nil {
				l.IDsStripLower = l.IDsStrip
			}
			if l.IDsLowernorm == nil {
				l.IDsLowernorm = l.IDs
			}
			goldenAll = append(goldenAll, l)
		}
	})
	if len(goldenAll) != 3590 {
		tb.Fatalf("read %d golden lines, want 3590", len(goldenAll))
	}
	return goldenAll
}

func load(tb testing.TB, data []byte) *Tokenizer {
	tb.Helper()
	t, err := Load("tokenizer.json", data)
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

func modernBERT(tb testing.TB) *Tokenizer { return everyTokenizer(tb)["NFC"] }

func lowerNormalized(tb testing.TB) *Tokenizer { return everyTokenizer(tb)["lower and NFC"] }

var everyOnce sync.Once
var every map[string]*Tokenizer

// everyTokenizer has ModernBERT's tokenizer with different components around
// the same model.
func everyTokenizer(tb testing.TB) map[string]*Tokenizer {
	tb.Helper()
	everyOnce.Do(func() {
		const normalizer = `"normalizer": {
    "type": "NFC"
  }`
		const preTokenizer = `"pre_tokenizer": {
    "type": "ByteLevel",
    "add_prefix_space": false,
    "trim_offsets": true,
    "use_regex": true
  }`
		every = map[string]*Tokenizer{
			"NFC":           load(tb, testdata.Read(tb, "tokenizers/modernbert.json")),
			"pairs":         load(tb, testdata.Read(tb, "tokenizers/modernbert-pairs.json")),
			"lower and NFC": load(tb, edited(tb, normalizer, `"normalizer": {"type": "Sequence", "normalizers": [{"type": "Lowercase"}, {"type": "NFC"}]}`)),
			"no normalizer": load(tb, edited(tb, normalizer, `"normalizer": null`)),
			"no regex":      load(tb, edited(tb, preTokenizer, `"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}`)),
			"prefix space":  load(tb, edited(tb, preTokenizer, `"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": true}`)),
			"ignore merges": load(tb, edited(tb, `"ignore_merges": false`, `"ignore_merges": true`)),
		}
	})
	if len(every) == 0 {
		tb.Fatal("the tokenizers did not load")
	}
	return every
}

// edited returns ModernBERT's tokenizer.json with one text replaced.
func edited(tb testing.TB, old, new string) []byte {
	tb.Helper()
	data := string(testdata.Read(tb, "tokenizers/modernbert.json"))
	if strings.Count(data, old) != 1 {
		tb.Fatalf("the tokenizer.json has %d times %s, want one to replace", strings.Count(data, old), old)
	}
	return []byte(strings.Replace(data, old, new, 1))
}

// TestGolden compares with the ids of huggingface/tokenizers on every line,
// those with characters that are newer than its Unicode tables included.
func TestGolden(t *testing.T) {
	for _, c := range []struct {
		name      string
		tokenizer *Tokenizer
		options   Options
		want      func(l goldenLine) []int32
	}{
		{"as is", modernBERT(t), Options{}, func(l goldenLine) []int32 { return l.IDs }},
		{"strip", modernBERT(t), Options{Strip: true}, func(l goldenLine) []int32 { return l.IDsStrip }},
		{"strip and lower", modernBERT(t), Options{Strip: true, Lower: true}, func(l goldenLine) []int32 { return l.IDsStripLower }},
		{"lower in the normalizer", lowerNormalized(t), Options{}, func(l goldenLine) []int32 { return l.IDsLowernorm }},
		{"merges as pairs", everyTokenizer(t)["pairs"], Options{}, func(l goldenLine) []int32 { return l.IDs }},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, l := range goldenLines(t) {
				got := c.tokenizer.Encode(l.Text, c.options)
				if !slices.Equal(got.IDs, c.want(l)) {
					t.Errorf("line %d (%s, unassigned %v) %q:\n got %v\nwant %v", l.ID, l.Category, l.UnassignedIn14, l.Text, got.IDs, c.want(l))
				}
				if got.Truncated || got.Repaired != 0 {
					t.Errorf("line %d: truncated %v, repaired %d", l.ID, got.Truncated, got.Repaired)
				}
			}
		})
	}
}

func TestSpotCheck(t *testing.T) {
	tok := modernBERT(t)
	got := tok.Encode("what is the capital of france?", Options{})
	if want := []int32{5371, 310, 253, 5347, 273, 1315, 593, 32}; !slices.Equal(got.IDs, want) {
		t.Errorf("got %v, want %v", got.IDs, want)
	}
	prefix, suffix := tok.Template()
	if !slices.Equal(prefix, []int32{50281}) || !slices.Equal(suffix, []int32{50282}) {
		t.Errorf("template is %v … %v, want [50281] … [50282]", prefix, suffix)
	}
	if tok.Size() != 50370 {
		t.Errorf("size is %d, want 50370", tok.Size())
	}
	for _, c := range []struct {
		token string
		id    int32
	}{{"Ġof", 273}, {"[CLS]", 50281}, {"[Q] ", 50368}, {"Ġ", 209}, {"!", 2}} {
		if id, ok := tok.ID(c.token); !ok || id != c.id {
			t.Errorf("the id of %q is %d, %v, want %d", c.token, id, ok, c.id)
		}
		if token, ok := tok.Token(c.id); !ok || token != c.token {
			t.Errorf("the token %d is %q, %v, want %q", c.id, token, ok, c.token)
		}
	}
	if id, ok := tok.ID(" zqxj"); ok {
		t.Errorf("found an id %d for a token that does not exist", id)
	}
	for _, id := range []int32{-1, 50370, 1 << 30} {
		if token, ok := tok.Token(id); ok {
			t.Errorf("found a token %q for the id %d, which does not exist", token, id)
		}
	}
}
