package terminal

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/rivo/uniseg"
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
		if got := Clean(text); got != want {
			t.Errorf("Clean(%q) = %q, want %q", text, got, want)
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
		if got := Render(Cut(Cells(test.text, nil), test.columns), false); got != test.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", test.text, test.columns, got, test.want)
		}
	}
	if got := Render(Pad(Cells("日", nil), 4), false); got != "日  " {
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
		for _, line := range Wrap(Cells(test.text, nil), test.columns) {
			lines = append(lines, Render(line, false))
		}
		if got := strings.Join(lines, "|"); got != test.want {
			t.Errorf("Wrap(%q, %d) = %q, want %q", test.text, test.columns, got, test.want)
		}
	}
}

func TestRenderStyles(t *testing.T) {
	text := "one two three"
	shown := Cells(text, []Mark{{4, 7, Matched}, {8, 9, heat5}})
	if got, want := Render(shown, true), "one \x1b[1;33mtwo\x1b[0m \x1b[38;5;231;48;5;160mt\x1b[0mhree"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := Render(shown, false); got != text {
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
		all := Cells(text.String(), []Mark{{random.IntN(5), 5 + random.IntN(5), Matched}})
		var joined string
		for _, line := range Wrap(all, columns) {
			shown := Render(line, false)
			if w := Width(line); w > columns {
				t.Fatalf("%q: a line of %d columns, want at most %d", text.String(), w, columns)
			}
			joined += shown
		}
		without := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		if want := without(Render(all, false)); without(joined) != want {
			t.Fatalf("%q: lines hold %q, want %q", text.String(), joined, want)
		}
		if w := Width(Cut(all, columns)); w > columns {
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
		shown := Render(Cells(text, []Mark{{start, end, Matched}}), false)
		if !utf8.ValidString(shown) || strings.ContainsFunc(shown, steers) {
			t.Fatalf("%q shows as %q", text, shown)
		}
		if strings.ContainsAny(shown, "\n\t") || uniseg.StringWidth(shown) > 2*len(text) {
			t.Fatalf("%q shows as %q", text, shown)
		}
	})
}
