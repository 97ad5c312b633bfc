package main

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/toller-search/toller/edge"
)

func TestClean(t *testing.T) {
	tests := map[string]string{
		"":                             "",
		"a b":                          "a b",
		" \ta\r\n\r\n\u2003b\u2028 c ": "a b c",
		"\x1b[31mred\x07":              "�[31mred�",
		"abc\u202Edef\u2066":           "abcdef",
		"\u009b1m":                     "�1m",
		"👩‍👩‍👧‍👦 e\u0301":              "👩‍👩‍👧‍👦 e\u0301",
		"日本\uFEFF語":                    "日本語",
	}
	for text, want := range tests {
		if got := clean(text); got != want {
			t.Errorf("clean(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestCutAndPad(t *testing.T) {
	tests := []struct {
		text    string
		columns int
		want    string
	}{
		{"abc", 3, "abc"},
		{"abcd", 3, "ab…"},
		{"日本語", 6, "日本語"},
		{"日本語", 5, "日本…"},
		{"日本語", 4, "日…"},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…"},
	}
	for _, test := range tests {
		if got := render(cut(cells(test.text, nil), test.columns), false); got != test.want {
			t.Errorf("cut(%q, %d) = %q, want %q", test.text, test.columns, got, test.want)
		}
	}
	if got := render(pad(cells("日", nil), 4), false); got != "日  " {
		t.Errorf("pad gives %q", got)
	}
}

func TestWrap(t *testing.T) {
	tests := []struct {
		text    string
		columns int
		want    string
	}{
		{"", 5, ""},
		{"one two three", 7, "one two|three"},
		{"one two three", 8, "one two|three"},
		{"one two three", 6, "one|two|three"},
		{"abcdefgh", 3, "abc|def|gh"},
		{"a abcdefgh", 4, "a|abcd|efgh"},
		{"日本語", 5, "日本|語"},
		{"日本語", 1, "日|本|語"},
	}
	for _, test := range tests {
		var lines []string
		for _, line := range wrap(cells(test.text, nil), test.columns) {
			lines = append(lines, render(line, false))
		}
		if got := strings.Join(lines, "|"); got != test.want {
			t.Errorf("wrap(%q, %d) = %q, want %q", test.text, test.columns, got, test.want)
		}
	}
}

func TestRenderStyles(t *testing.T) {
	text := "one two three"
	shown := cells(text, []mark{{4, 7, matched}, {8, 9, heat5}})
	if got, want := render(shown, true), "one \x1b[1;33mtwo\x1b[0m \x1b[38;5;231;48;5;160mt\x1b[0mhree"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := render(shown, false); got != text {
		t.Errorf("without color: %q", got)
	}
}

// Whatever the text, no line is wider than asked for, and nothing is lost.
func TestWrapRandom(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	pieces := []string{"a", " ", "\n", "word", "日本", "🙂", "👩‍👩‍👧", "e\u0301", "\u0301", "\x1b[2J", "\u202E", "ﷺ", "\u200B", "\r", "한", "🇩🇪", "\t"}
	for range 3000 {
		var text strings.Builder
		for range random.IntN(40) {
			text.WriteString(pieces[random.IntN(len(pieces))])
		}
		columns := 2 + random.IntN(20)
		all := cells(text.String(), []mark{{random.IntN(5), 5 + random.IntN(5), matched}})
		var joined string
		for _, line := range wrap(all, columns) {
			shown := render(line, false)
			if w := width(line); w > columns {
				t.Fatalf("%q: a line of %d columns, want at most %d", text.String(), w, columns)
			}
			joined += shown
		}
		without := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		if want := without(render(all, false)); without(joined) != want {
			t.Fatalf("%q: lines hold %q, want %q", text.String(), joined, want)
		}
		if w := width(cut(all, columns)); w > columns {
			t.Fatalf("%q: cut to %d columns, want at most %d", text.String(), w, columns)
		}
	}
}

func FuzzCells(f *testing.F) {
	f.Add("plain text", 2, 5)
	f.Add("\x1b[31m日本語 👩‍👩‍👧 \u202E", 0, 3)
	f.Fuzz(func(t *testing.T, text string, start, end int) {
		text = strings.ToValidUTF8(text, "\uFFFD")
		start = min(max(start, 0), len(text))
		end = min(max(end, start), len(text))
		start, end = runeStart(text, start), runeStart(text, end)
		from, to := wholeWords(text, start, end)
		if from > start || to < end {
			t.Fatalf("whole words of [%d, %d) are [%d, %d)", start, end, from, to)
		}
		shown := render(cells(text, []mark{{from, to, matched}}), false)
		if !utf8.ValidString(shown) || strings.ContainsFunc(shown, steers) {
			t.Fatalf("%q shows as %q", text, shown)
		}
		if strings.ContainsAny(shown, "\n\t") || uniseg.StringWidth(shown) > 2*len(text) {
			t.Fatalf("%q shows as %q", text, shown)
		}
	})
}

func TestWholeWords(t *testing.T) {
	tests := []struct {
		text, part, want string
	}{
		{"risk of osteoporotic fractures", "otic", "osteoporotic"},
		{"risk of osteoporotic fractures", "of osteo", "of osteoporotic"},
		{"CD8(+) cells", "8", "CD8"},
		{"CD8(+) cells", "(+)", "(+)"},
		{"naïve idea", "ve", "naïve"},
		{"骨量の減少", "減少", "減少"},
	}
	for _, test := range tests {
		at := strings.Index(test.text, test.part)
		start, end := wholeWords(test.text, at, at+len(test.part))
		if got := test.text[start:end]; got != test.want {
			t.Errorf("%q in %q: %q, want %q", test.part, test.text, got, test.want)
		}
	}
}

func TestInContext(t *testing.T) {
	text := "Calcium supplements reduced the loss of bone mass in 日本語 women"
	at := strings.Index(text, " loss")
	token := token{Text: " loss"}
	token.Spans = []edge.Span{{Start: at, End: at + 5}}
	for room := 8; room < 80; room++ {
		shown := token.inContext("", text, room)
		got := render(shown, true)
		if width(shown) > room || !strings.Contains(got, "\x1b[1;33mloss\x1b[0m") {
			t.Errorf("%d columns: %q", room, got)
		}
	}
	if got := render(token.inContext("", text, 80), false); got != text {
		t.Errorf("with room for all: %q", got)
	}
}
