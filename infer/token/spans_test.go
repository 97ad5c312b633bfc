package token

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// tokenBytes returns the bytes of text that a token of the vocabulary stands
// for, or the pattern of an added token.
func (e *encoder) tokenBytes(id int32) (text []byte, added bool) {
	if t := e.addedByID[id]; t != nil {
		return []byte(t.pattern), true
	}
	for _, r := range e.model.vocabulary().literal(e.model.vocabulary().byID(id)) {
		text = append(text, byte(letterByte[r]))
	}
	return text, false
}

// checkSpans reports what is wrong with the spans of an encoding; "" if
// nothing is.
func checkSpans(e *encoder, text string, o Options, got Encoding) string {
	if len(got.IDs) != len(got.Spans) {
		return fmt.Sprintf("%d ids, %d spans", len(got.IDs), len(got.Spans))
	}
	start, end := 0, len(text)
	if o.Strip {
		start, end = strip(text)
	}
	boundary := make([]bool, len(text)+1)
	boundary[len(text)] = true
	for i := range text {
		boundary[i] = true
	}
	unchanged := utf8.ValidString(text) && norm.NFC.IsNormalString(text) &&
		!o.Lower && !slices.Contains(e.normalizers, normalizer(lowercase{}))

	covered, previous := start, start
	for i, s := range got.Spans {
		if s.Start < previous || s.End < s.Start || s.End > end {
			return fmt.Sprintf("token %d has span %v in text [%d,%d) after one from %d on", i, s, start, end, previous)
		}
		if !boundary[s.Start] || !boundary[s.End] {
			return fmt.Sprintf("token %d has span %v, not at rune boundaries", i, s)
		}
		if s.Start > covered {
			return fmt.Sprintf("token %d has span %v, leaving out text from %d on", i, s, covered)
		}
		previous, covered = s.Start, max(covered, s.End)

		// The text of the span, normalized by itself, has the bytes of the token.
		source := text[s.Start:s.End]
		want, added := e.tokenBytes(got.IDs[i])
		var repaired, lower layer
		repairInto(&repaired, source)
		lowerInto(&lower, repaired.text, true)
		if !o.Lower {
			lower = repaired
		}
		normalized := lower.text
		if t := e.addedByID[got.IDs[i]]; t == nil || t.normalized {
			normalized = []byte(e.normalize(string(normalized)))
		}
		if o.Lower {
			normalized = bytes.ReplaceAll(normalized, []byte("ς"), []byte("σ"))
			want = bytes.ReplaceAll(want, []byte("ς"), []byte("σ"))
		}
		if e.prefixSpace && !added {
			normalized = append([]byte{' '}, normalized...)
		}
		if !bytes.Contains(normalized, want) && !(o.Lower && bytes.Contains([]byte("ς"), want)) {
			return fmt.Sprintf("token %d is %q, its span %v is %q, which normalizes to %q", i, want, s, source, normalized)
		}
		if unchanged && !e.prefixSpace && utf8.Valid(want) && source != string(want) &&
			!(added && strings.TrimSpace(source) == strings.TrimSpace(string(want))) {
			return fmt.Sprintf("token %d is %q, its span %v is %q", i, want, s, source)
		}
	}
	if !got.Truncated && covered != end {
		return fmt.Sprintf("the spans cover [%d,%d), want to %d", start, covered, end)
	}
	return ""
}

// everyOption has each way to prepare a text.
var everyOption = []Options{{}, {Strip: true}, {Lower: true}, {Strip: true, Lower: true}}

func TestSpansOnGoldenLines(t *testing.T) {
	for name, tok := range map[string]*Tokenizer{"NFC": modernBERT(t), "lower and NFC": lowerNormalized(t)} {
		for _, l := range goldenLines(t) {
			for _, o := range everyOption {
				if wrong := checkSpans(tok.encoder, l.Text, o, tok.Encode(l.Text, o)); wrong != "" {
					t.Fatalf("%s, line %d %q, %+v: %s", name, l.ID, l.Text, o, wrong)
				}
			}
		}
	}
}

// alphabet has what makes trouble: letters that change length in lower case,
// sigmas and what is ignored around them, combining marks of all orders, Hangul
// in parts, characters that normalize to others, space of all kinds, added
// tokens and bytes that are no UTF-8.
var alphabet = strings.Split("a b e s t l r v m d A E Q Σ σ İ Ⱥ ß ﬁ Å Ω ́ ̂ ̣ ̧ ̛ ͅ ्  ̈́ ᄀ ᅡ ᆨ 가 각 क़ ে া ো "+
	"1 2 ² Ⅷ ٣ ' ’ . : - _ , ! · \u200d \u200b \ufeff \u0085 \u00a0 \u2003 \u3000 \n \r\n \t \x1c 中 文 ， 。 😀 👩‍👩‍👧 "+
	"\xff \xc3 \xe2\x82 \xed\xa0\x80 \ufffd [SEP] [MASK] [Q] [unused3] |||IP_ADDRESS||| <|endoftext|> the and 're 's don't", " ")

// randomText draws n pieces from the alphabet, with spaces between some.
func randomText(rng *rand.Rand, n int) string {
	var b strings.Builder
	few := alphabet
	if rng.IntN(2) == 0 {
		few = make([]string, 1+rng.IntN(6))
		for i := range few {
			few[i] = alphabet[rng.IntN(len(alphabet))]
		}
	}
	for range n {
		switch p := rng.IntN(100); {
		case p < 15:
			b.WriteString(strings.Repeat(" ", 1+rng.IntN(4)))
		case p < 17:
			b.WriteRune(rune(rng.IntN(0x20000)))
		default:
			b.WriteString(few[rng.IntN(len(few))])
		}
	}
	return b.String()
}

// times is how often a randomised test is repeated.
func times(n int) int {
	if raceDetector {
		return n/10 + 1
	}
	return n
}

func newRand(t testing.TB) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func TestSpansOnRandomTexts(t *testing.T) {
	rng := newRand(t)
	for name, tok := range everyTokenizer(t) {
		for range times(1500) {
			text := randomText(rng, 1+rng.IntN(30))
			o := everyOption[rng.IntN(len(everyOption))]
			if wrong := checkSpans(tok.encoder, text, o, tok.Encode(text, o)); wrong != "" {
				t.Fatalf("%s, %q, %+v: %s", name, text, o, wrong)
			}
		}
	}
}

func TestSpansThroughChanges(t *testing.T) {
	tok := modernBERT(t)
	for _, c := range []struct {
		name, text string
		options    Options
		want       []string // the text of each span
	}{
		{"plain", "the cat's", Options{}, []string{"the", " cat", "'s"}},
		{"strip", " \t the cat\n", Options{Strip: true}, []string{"the", " cat"}},
		{"lower", "The CAT", Options{Lower: true}, []string{"The", " CAT"}},
		{"longer in lower case", "İs", Options{Lower: true}, []string{"İ", "İ", "İ", "s"}},
		{"composition", "cafe\u0301 a", Options{}, []string{"c", "af", "e\u0301", " a"}},
		{"parts of a character", "中😀", Options{}, []string{"中", "😀", "😀", "😀"}},
		{"special token with space before", "a  [MASK] b", Options{}, []string{"a", "  [MASK]", " b"}},
		{"added token", "x[Q] y", Options{}, []string{"x", "[Q] ", "y"}},
		{"repair", "a\xffb", Options{}, []string{"a", "\xff", "b"}},
	} {
		got := tok.Encode(c.text, c.options)
		var texts []string
		for _, s := range got.Spans {
			texts = append(texts, c.text[s.Start:s.End])
		}
		if !slices.Equal(texts, c.want) {
			t.Errorf("%s: %q has spans %q, want %q", c.name, c.text, texts, c.want)
		}
	}
}

func TestRepair(t *testing.T) {
	tok := modernBERT(t)
	for _, c := range []struct {
		text, repaired string
		count          int
	}{
		{"a\xffb", "a\ufffdb", 1},
		{"\xe2\x82 x", "\ufffd\ufffd x", 2},
		{"\xed\xa0\x80", "\ufffd\ufffd\ufffd", 3},
		{"\ufffd", "\ufffd", 0},
		{"ok", "ok", 0},
	} {
		got, want := tok.Encode(c.text, Options{}), tok.Encode(c.repaired, Options{})
		if !slices.Equal(got.IDs, want.IDs) || got.Repaired != c.count {
			t.Errorf("%q: got %v with %d repaired, want %v with %d", c.text, got.IDs, got.Repaired, want.IDs, c.count)
		}
	}
	got := tok.Encode("a\xffb c\xff d\xff", Options{Limit: 3})
	if !got.Truncated || got.Repaired != 1 {
		t.Errorf("with a limit before the second invalid byte %d were repaired, want 1", got.Repaired)
	}
}
