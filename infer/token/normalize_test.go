package token

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func nfc(text string) (string, *layer) {
	var dst layer
	nfcInto(&dst, []byte(text), &composer{})
	return string(dst.text), &dst
}

// isYounger says whether golang.org/x/text knows more about a character than
// Unicode 9.0 does.
func isYounger(r rune) bool {
	p := norm.NFC.PropertiesString(string(r))
	d := characters()
	return p.CCC() != d.classOf(r) || norm.NFD.String(string(r)) != string(d.appendDecomposed(nil, r))
}

// TestNFC compares with golang.org/x/text wherever that is NFC of Unicode 9.0:
// in texts with at most 30 marks in a row, none of them younger.
func TestNFC(t *testing.T) {
	check := func(text string) {
		t.Helper()
		got, l := nfc(text)
		if want := norm.NFC.String(text); got != want {
			t.Fatalf("%+q becomes %+q, want %+q", text, got, want)
		}
		if l.source != len(text) || l.derived != len(got) {
			t.Fatalf("%+q: the alignment is from %d to %d bytes, the texts are %d and %d long", text, l.derived, l.source, len(got), len(text))
		}
	}
	var special []rune // everything that normalization may change
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		s := string(r)
		if isYounger(r) {
			continue
		}
		if p := norm.NFC.PropertiesString(s); !p.BoundaryBefore() || p.Decomposition() != nil {
			special = append(special, r)
			check(s)
			check(norm.NFD.String(s))
			check("x" + norm.NFD.String(s) + "\u0323y")
		}
	}
	for r := rune(hangulBase); r < hangulBase+hangulCount; r += 7 {
		check(norm.NFD.String(string(r)))
		check(string(r) + "\u11a8\u11a9")
	}
	rng := newRand(t)
	for range times(50000) {
		var b strings.Builder
		for range 1 + rng.IntN(12) {
			switch rng.IntN(3) {
			case 0:
				b.WriteRune(special[rng.IntN(len(special))])
			case 1:
				b.WriteString(alphabet[rng.IntN(len(alphabet))])
			default:
				b.WriteString(norm.NFD.String(string(special[rng.IntN(len(special))])))
			}
		}
		check(strings.ToValidUTF8(b.String(), ""))
	}
}

// TestNFCIsOfUnicode9: to huggingface/tokenizers, marks that are younger are
// characters that nothing combines with, nor beyond.
func TestNFCIsOfUnicode9(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a\u0899\u0301", "a\u0899\u0301"},
		{"a\u0301\u0899", "á\u0899"},
		{"a\u0302\u08ca\u0323", "â\u08ca\u0323"},
		{"\U00011935\U00011930", "\U00011935\U00011930"},
		{"\U00011938", "\U00011938"},
		{"x\u1dfa\u0c3c", "x\u1dfa\u0c3c"},
	} {
		if got, _ := nfc(c.text); got != c.want {
			t.Errorf("%+q becomes %+q, want %+q", c.text, got, c.want)
		}
	}
}

// TestLowerIsRusts: pairs of letters that are younger than Unicode 15.0 are
// lower-cased by the normalizer, and not by Options.Lower, as by Python 3.12.
func TestLowerIsRusts(t *testing.T) {
	for capital, small := range map[string]string{"\u1c89": "\u1c8a", "\ua7cb": "\u0264", "\U00010d50": "\U00010d70", "\U00016ea0": "\U00016ebb"} {
		var rust, python layer
		lowerInto(&rust, []byte(capital), false)
		lowerInto(&python, []byte(capital), true)
		if string(rust.text) != small || string(python.text) != capital {
			t.Errorf("%+q becomes %+q and %+q, want %+q and itself", capital, rust.text, python.text, small)
		}
	}
}

// TestNFCOfManyMarks: a long run of marks is ordered and composed as a whole.
// golang.org/x/text breaks it up, so the expectations are by construction.
func TestNFCOfManyMarks(t *testing.T) {
	many := func(s string) string { return strings.Repeat(s, 100) }
	for _, c := range []struct{ name, text, want string }{
		{"ordered", "e" + many("\u0301"), "é" + many("\u0301")[2:]},
		{"in disorder", "e" + many("\u0301\u0323"), "ẹ" + many("\u0323")[2:] + many("\u0301")},
		{"composed at the very end", "a" + many("\u0301") + "\u0323", "ạ" + many("\u0301")},
		{"nothing to compose", "x" + many("\u0301\u0302"), "x" + many("\u0301\u0302")},
		{"starters that compose", "\u1100" + many("\u1161"), "가" + many("\u1161")[3:]},
		{"no starter", many("\u0301\u0323"), many("\u0323") + many("\u0301")},
	} {
		if got, _ := nfc(c.text); got != c.want {
			t.Errorf("%s: got %+q, want %+q", c.name, got, c.want)
		}
	}
}

func TestLower(t *testing.T) {
	for _, c := range []struct {
		text, sigma, plain string
	}{
		{"ABC Äß", "abc äß", "abc äß"},
		{"İI", "i\u0307i", "i\u0307i"},
		{"ΟΔΟΣ", "οδος", "οδοσ"},
		{"ΟΔΟΣ ΣΟΦΟΣ.", "οδος σοφος.", "οδοσ σοφοσ."},
		{"Σ", "σ", "σ"},
		{"ΑΣ'Α ΑΣ'", "ασ'α ας'", "ασ'α ασ'"},
		{"Α.Σ Α\u0301Σ\u0301", "α.ς α\u0301ς\u0301", "α.σ α\u0301σ\u0301"},
		{"ʰΣ", "ʰσ", "ʰσ"}, // a modifier letter is ignored although it is cased
		{"aʰΣʰ", "aʰςʰ", "aʰσʰ"},
		{"1Σ", "1σ", "1σ"},
		{"ΣΣΣ", "σσς", "σσσ"},
		{"ȺǅᏀ", "ⱥǆꮐ", "ⱥǆꮐ"},
	} {
		for _, sigma := range []bool{true, false} {
			want := c.plain
			if sigma {
				want = c.sigma
			}
			var got layer
			lowerInto(&got, []byte(c.text), sigma)
			if string(got.text) != want {
				t.Errorf("%q with sigma %v: got %q, want %q", c.text, sigma, got.text, want)
			}
		}
	}
}

func TestStrip(t *testing.T) {
	white := "\t\n\v\f\r\x1c\x1d\x1e\x1f \u0085\u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000"
	text := white + "a b" + white
	if start, end := strip(text); text[start:end] != "a b" {
		t.Errorf("got %q, want %q", text[start:end], "a b")
	}
	for _, kept := range []string{"\u200b", "\ufeff", "\x00", "\x1b", "\u180e", "\xff", "\x85"} {
		text := " " + kept + " "
		if start, end := strip(text); text[start:end] != kept {
			t.Errorf("%q: got %q, want %q", text, text[start:end], kept)
		}
	}
	for _, text := range []string{"", white} {
		if start, end := strip(text); start != end {
			t.Errorf("%q: got %q, want nothing", text, text[start:end])
		}
	}
}

func TestAlignment(t *testing.T) {
	var a alignment
	a.plain(2)    // 0–2 from 0–2
	a.plain(1)    // 2–3 from 2–3
	a.block(1, 3) // 3–4 from 3–6
	a.block(3, 1) // 4–7 from 6–7
	a.plain(2)    // 7–9 from 7–9
	if len(a.runs) != 4 {
		t.Errorf("%d runs, want 4", len(a.runs))
	}
	for _, c := range [][4]int{
		{0, 3, 0, 3}, {1, 2, 1, 2}, {2, 4, 2, 6}, {3, 4, 3, 6}, {4, 5, 6, 7}, {6, 7, 6, 7}, {5, 8, 6, 8},
		{8, 9, 8, 9}, {0, 9, 0, 9}, {0, 0, 0, 0}, {1, 1, 1, 1}, {7, 7, 7, 7}, {4, 4, 6, 6},
	} {
		if start, end := a.span(c[0], c[1]); start != c[2] || end != c[3] {
			t.Errorf("[%d,%d) comes from [%d,%d), want [%d,%d)", c[0], c[1], start, end, c[2], c[3])
		}
	}
}
