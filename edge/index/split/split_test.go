package split

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/toller-search/toller/edge/internal/character"
)

func countWords(text string) int { return len(strings.Fields(text)) }

// words returns a sentence of n words.
func words(n int, first string) string {
	return first + strings.Repeat(" word", n-1) + "."
}

// show writes passages as heading|text, with white space made single.
func show(text string, passages []Passage) []string {
	var out []string
	for _, p := range passages {
		out = append(out, p.Heading+"|"+strings.Join(strings.Fields(text[p.Start:p.End]), " "))
	}
	return out
}

func TestPassages(t *testing.T) {
	for _, c := range []struct {
		name string
		text string
		o    Options
		want []string
	}{
		{"nothing", " \n\t ", Options{Budget: 5}, nil},
		{"no budget", "\n a b c \n", Options{}, []string{"|a b c"}},
		{"fits whole", "# A\n\none two\n\n## B\n\nthree", Options{Budget: 10}, []string{"A|# A one two ## B three"}},
		{"fits whole, two sections at the top", "# A\none\n# B\ntwo", Options{Budget: 10}, []string{"|# A one # B two"}},
		{
			"a section to a passage", "# A\n\na b c\n\n## B\n\nd e f\n\n## C\n\ng h i", Options{Budget: 8},
			[]string{"A|# A a b c", "A > B|## B d e f", "A > C|## C g h i"},
		},
		{
			"small sections share", "# A\n\na\n\n## B\n\nd\n\n## C\n\ng h i j k l\n\n## D\nm n o p q r", Options{Budget: 14},
			[]string{"A|# A a ## B d", "A > C|## C g h i j k l", "A > D|## D m n o p q r"},
		},
		{
			"levels that are skipped and left", "# A\n\na b c d\n\n### B\n\ne f g h\n\n## C\n\ni j k l\n\n# D\n\nm n o p", Options{Budget: 6},
			[]string{"A|# A a b c d", "A > B|### B e f g h", "A > C|## C i j k l", "D|# D m n o p"},
		},
		{
			"a heading stays with its text", "one two three four\n\n# Head\n\nFive six seven. Eight nine ten", Options{Budget: 6},
			[]string{"|one two three four", "Head|# Head Five six seven.", "Head|Eight nine ten"},
		},
		{
			"a heading stays with its words", "# Head\n\nfive six seven eight nine ten", Options{Budget: 6},
			[]string{"Head|# Head five six seven eight nine", "Head|ten"},
		},
		{
			"headings above each other", "# A\n## B\nX y. Z w", Options{Budget: 5},
			[]string{"A > B|# A ## B X y.", "A > B|Z w"},
		},
		{"a heading at the end", "a b c\n\n# End", Options{Budget: 3}, []string{"|a b c", "End|# End"}},
		{
			"paragraphs", "a b c\n\nd e f\n\ng h i", Options{Budget: 6},
			[]string{"|a b c d e f", "|g h i"},
		},
		{
			"a paragraph fills a passage less than half full", "a b\n\nc d e. f g h. i j k", Options{Budget: 8},
			[]string{"|a b c d e. f g h.", "|i j k"},
		},
		{
			"a sentence is not cut if it fits", "a b\n\nc d e f g h i.", Options{Budget: 7},
			[]string{"|a b", "|c d e f g h i."},
		},
		{
			"sentences", "a b. C d! E f? \"g h.\" I j", Options{Budget: 4},
			[]string{"|a b. C d!", "|E f? \"g h.\"", "|I j"},
		},
		{"an abbreviation is no end", "a b e.g. c d. E f g", Options{Budget: 5}, []string{"|a b e.g. c d.", "|E f g"}},
		{
			"sentences without spaces", "一二三。四五六！七八九", Options{Budget: 4, Count: utf8.RuneCountInString},
			[]string{"|一二三。", "|四五六！", "|七八九"},
		},
		{
			"lines of a list", "- a b\n- c d\n- e f", Options{Budget: 5},
			[]string{"|- a b - c d", "|- e f"},
		},
		{"words", "a b c d e f g", Options{Budget: 3}, []string{"|a b c", "|d e f", "|g"}},
		{
			"a word that is too long", "ab cdefghijklm", Options{Budget: 4, Count: func(s string) int { return len(s) }},
			[]string{"|ab", "|cd", "|ef", "|ghij", "|klm"},
		},
		{
			"overlap of sentences", "A b. C d. E f. G h.", Options{Budget: 6, Overlap: 2},
			[]string{"|A b. C d. E f.", "|E f. G h."},
		},
		{
			"overlap of words", "a b c d e f g h", Options{Budget: 4, Overlap: 1},
			[]string{"|a b c d", "|d e f g", "|g h"},
		},
		{
			"no overlap past a heading", "# A\n\na b c d\n\n# B\n\ne f g h", Options{Budget: 6, Overlap: 3},
			[]string{"A|# A a b c d", "B|# B e f g h"},
		},
		{
			"overlap gives way", "a b c d\n\ne f g h", Options{Budget: 4, Overlap: 2},
			[]string{"|a b c d", "|e f g h"},
		},
		{
			"fenced code has no headings", "# A\n\n```sh\n# no\n```\n\n# B\n\nb b b b b b", Options{Budget: 8},
			[]string{"A|# A ```sh # no ```", "B|# B b b b b b b"},
		},
		{
			"a fence ends with its like", "````\n```\n# no\n````\n# B\nb b b b", Options{Budget: 6},
			[]string{"|```` ``` # no ````", "B|# B b b b b"},
		},
		{
			"what is no heading", "#a b c\n\n####### d e\n\n    # f g\n\n   # H #", Options{Budget: 3},
			[]string{"|#a b c", "|####### d e", "|# f g", "H|# H #"},
		},
		{
			"C# is kept", "# C#\n\na b c d e", Options{Budget: 4}, []string{"C#|# C# a b c", "C#|d e"},
		},
		{
			"plain text", "# a b\nc d\n\n# e f\ng h", Options{Budget: 6, Plain: true},
			[]string{"|# a b c d", "|# e f g h"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.o.Count == nil {
				c.o.Count = func(s string) int { // words, but the marks of headings and lists
					return countWords(strings.NewReplacer("#", " ", "- ", " ").Replace(s))
				}
			}
			got := Passages(c.text, c.o)
			if show := show(c.text, got); !reflect.DeepEqual(show, c.want) {
				t.Errorf("got  %q\nwant %q", show, c.want)
			}
			check(t, c.text, c.o, got)
		})
	}
}

// check verifies what the package promises of every result.
func check(t *testing.T, text string, o Options, passages []Passage) {
	t.Helper()
	covered, start, valid := 0, -1, utf8.ValidString(text)
	for i, p := range passages {
		if p.Start <= start || p.End <= covered || p.Start >= p.End || p.End > len(text) {
			t.Fatalf("passage %d of %d is [%d, %d) of %d bytes, after a start at %d and an end at %d",
				i, len(passages), p.Start, p.End, len(text), start, covered)
		}
		if p.Start > covered && strings.TrimSpace(text[covered:p.Start]) != "" {
			t.Fatalf("no passage has %q", text[covered:p.Start])
		}
		part := text[p.Start:p.End]
		if part != strings.TrimSpace(part) {
			t.Fatalf("passage %d has white space at its ends: %q", i, part)
		}
		if o.Budget > 0 && o.Count(part) > o.Budget && utf8.RuneCountInString(part) > 1 {
			t.Fatalf("passage %d has %d tokens, the budget is %d: %.200q", i, o.Count(part), o.Budget, part)
		}
		if valid && !utf8.ValidString(part) {
			t.Fatalf("passage %d cuts a character: %.200q", i, part)
		}
		covered, start = p.End, p.Start
	}
	if strings.TrimSpace(text[covered:]) != "" {
		t.Fatalf("no passage has %.200q at the end", text[covered:])
	}
}

// counters count tokens in ways that differ in how the counts of parts add up.
var counters = map[string]func(string) int{
	"words":      countWords,
	"bytes":      func(s string) int { return len(s) },
	"characters": utf8.RuneCountInString,
	"pieces": func(s string) int { // like a tokenizer with words of up to four bytes
		n := 0
		for _, w := range strings.Fields(s) {
			n += (len(w) + 3) / 4
		}
		return n
	},
	"surcharge": func(s string) int { return 2 + countWords(s) }, // two tokens for every text
	"space":     func(s string) int { return len(s) - len(strings.Fields(s)) },
	"superadditive": func(s string) int {
		return len(s) * len(s) / 16
	},
	"nothing": func(string) int { return 0 },
}

func randomText(r *rand.Rand) string {
	parts := []string{
		"a", "word", "Longer", "é", "日本語", "。", ". ", "! ", "\n", "\n\n", "# ", "## ", "### ", "\n# Title\n", "\n## Sub\n\n",
		" ", "\t", "\u00a0", "\u2003", "```", "\n```\n", "- ", "\r\n", "\xff", "\x80\x80\x80", strings.Repeat("x", 40), strings.Repeat(" ", 30), "🐕", "e\u0301", ") ",
	}
	var b strings.Builder
	for range r.IntN(120) {
		b.WriteString(parts[r.IntN(len(parts))])
		if r.IntN(2) == 0 {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func TestRandomTexts(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 5000 {
		text := randomText(r)
		for name, count := range counters {
			o := Options{Budget: 1 + r.IntN(40), Overlap: r.IntN(20), Count: count, Plain: r.IntN(4) == 0}
			check(t, text, o, Passages(text, o))
			if t.Failed() {
				t.Fatalf("counting %s, %+v: %q", name, o, text)
			}
		}
	}
}

// TestHeadings holds the path against the headings that precede each passage.
func TestHeadings(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 500 {
		// Every word of the text carries the path that it stands under.
		var b strings.Builder
		var path []string
		for range r.IntN(20) {
			level := 1 + r.IntN(3)
			path = append(path[:min(len(path), level-1)], fmt.Sprintf("H%d", r.IntN(1000)))
			// A level that is skipped is not in the path, so titles are written at their depth.
			fmt.Fprintf(&b, "%s %s\n\n", strings.Repeat("#", len(path)), path[len(path)-1])
			b.WriteString(strings.Repeat(strings.Join(path, ">")+" ", r.IntN(30)) + "\n\n")
		}
		text := b.String()
		for _, p := range Passages(text, Options{Budget: 12, Count: countWords}) {
			want := strings.ReplaceAll(p.Heading, " > ", ">")
			for _, w := range strings.Fields(text[p.Start:p.End]) {
				if strings.HasPrefix(w, "H") && strings.Contains(w, ">") && !strings.HasPrefix(w+">", want+">") && want != "" {
					t.Fatalf("heading %q on a passage with %q", p.Heading, w)
				}
			}
		}
	}
}

func TestLongHeadingIsShortened(t *testing.T) {
	text := "# " + strings.Repeat("ü", 5000) + "\n\nbody"
	got := Passages(text, Options{Budget: 10000, Count: countWords})
	if len(got) != 1 || len(got[0].Heading) > maxTitle+len("…") || !utf8.ValidString(got[0].Heading) {
		t.Fatalf("got %d passages, heading of %d bytes", len(got), len(got[0].Heading))
	}
}

// TestHostileSizes has texts of 4 MB that are nothing but one kind of thing.
// The limit is generous: what is to be caught is quadratic.
func TestHostileSizes(t *testing.T) {
	const size = 4 << 20
	for _, unit := range []string{
		"a", " ", "\n", "a ", "a. ", "a\n\n", "# a\n", "# \n", "# a\n\nb\n\n", "###### a\n# b\n", "```\n", "\x80", "\xff", "é", "。", "\u2003", "a" + strings.Repeat(" ", 1000),
		"word", ") ", ". ", strings.Repeat("a", 500) + " ",
	} {
		t.Run(fmt.Sprintf("%.8q", unit), func(t *testing.T) {
			text := strings.Repeat(unit, size/len(unit))
			counted := 0
			o := Options{Budget: 300, Overlap: 30, Count: func(s string) int {
				counted += len(s)
				return len(s)/4 + 1
			}}
			start := time.Now()
			passages := Passages(text, o)
			took := time.Since(start)
			check(t, text, o, passages)
			t.Logf("%d passages, %v, each byte counted %.1f times", len(passages), took, float64(counted)/float64(len(text)))
			if took > 10*time.Second || counted > 20*len(text) {
				t.Errorf("took %v and counted %d bytes of %d", took, counted, len(text))
			}
		})
	}
}

func FuzzPassages(f *testing.F) {
	f.Add("# A\n\nOne two. Three four.\n\n## B\n\nfive", 5, 2, false)
	f.Add("```\n# no\n```\n# yes\n", 1, 1, false)
	f.Add("a\n#", 1, 0, false)
	f.Add("\xff\x80 é 日本語。文", 2, 9, true)
	f.Fuzz(func(t *testing.T, text string, budget, overlap int, plain bool) {
		for name, count := range counters {
			o := Options{Budget: budget, Overlap: overlap, Count: count, Plain: plain}
			check(t, text, o, Passages(text, o))
			if t.Failed() {
				t.Fatal("counting", name)
			}
		}
		if len(text) > 0 && strings.TrimFunc(text, unicode.IsSpace) == "" && Passages(text, Options{Budget: budget}) != nil {
			t.Fatal("white space has passages")
		}
	})
}

func BenchmarkPassages(b *testing.B) {
	text := strings.Repeat("# Heading\n\n"+words(40, "Some")+" "+words(30, "Other")+"\n\n"+words(200, "Long")+"\n\n", 2000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Passages(text, Options{Budget: 300, Overlap: 30, Count: countWords})
	}
}

// TestWholeCharacters cuts texts without spaces, of letters with marks, and parts no
// letter from its marks.
func TestWholeCharacters(t *testing.T) {
	for _, unit := range []string{"น้ำที่เกาะไทย", "e\u0301a\u0308o\u0302", "किताबक्षिप्र", "👩\u200d👩\u200d👧👍🏽🇩🇪", "ກຳລາວ"} {
		text := strings.Repeat(unit, 40)
		for budget := 3; budget < 30; budget++ {
			// A token has two characters of UTF-16, about.
			count := func(s string) int { return (utf8.RuneCountInString(s) + 1) / 2 }
			end := 0
			for _, p := range Passages(text, Options{Budget: budget, Count: count}) {
				if longest := 6; budget > longest && (!character.Boundary(text, p.Start) || !character.Boundary(text, p.End)) {
					t.Fatalf("budget %d: cut at %q and %q", budget, text[max(0, p.Start-9):p.Start+9], text[max(0, p.End-9):min(len(text), p.End+9)])
				}
				end = p.End
			}
			if end != len(text) {
				t.Errorf("budget %d: the last passage ends at %d of %d", budget, end, len(text))
			}
		}
	}
}
