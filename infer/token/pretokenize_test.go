package token

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// gpt2 is the pattern without its look-ahead, which Go does not have.
var gpt2 = regexp.MustCompile(`^(?:'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^` + white + `\p{L}\p{N}]+|[` + white + `]+)`)

const white = `\t\n\v\f\r \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}`

// preTokensByPattern cuts a text with gpt2 and does the look-ahead by hand.
func preTokensByPattern(text string) (all []string) {
	space := regexp.MustCompile(`^[` + white + `]+$`)
	for text != "" {
		match := gpt2.FindString(text)
		if space.MatchString(match) && len(match) < len(text) {
			if _, last := utf8.DecodeLastRuneInString(match); last < len(match) {
				match = match[:len(match)-last]
			}
		}
		all = append(all, match)
		text = text[len(match):]
	}
	return all
}

func preTokens(text string) (all []string) {
	for rest := []byte(text); len(rest) > 0; {
		n := preToken(rest)
		all = append(all, string(rest[:n]))
		rest = rest[n:]
	}
	return all
}

func TestPreToken(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"it's we'll I'D", []string{"it", "'s", " we", "'ll", " I", "'", "D"}},
		{"a  b", []string{"a", " ", " b"}},
		{"a \n b", []string{"a", " \n", " b"}},
		{"a\n\nb", []string{"a", "\n", "\n", "b"}},
		{"a\nb", []string{"a", "\n", "b"}},
		{"a  ", []string{"a", "  "}},
		{"a \u00a0b", []string{"a", " ", "\u00a0", "b"}},
		{" ", []string{" "}},
		{"x1²Ⅷ, 's", []string{"x", "1²Ⅷ", ",", " '", "s"}},
		{"'", []string{"'"}},
		{"''s", []string{"''", "s"}},
		{"''re", []string{"''", "re"}},
		{"e\u0301a", []string{"e", "\u0301", "a"}},
		{"don't\u2019t", []string{"don", "'t", "’", "t"}},
	} {
		if got := preTokens(c.text); !slices.Equal(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
		if got := preTokensByPattern(c.text); !slices.Equal(got, c.want) {
			t.Errorf("%q by the pattern: got %q, want %q", c.text, got, c.want)
		}
	}
}

func TestPreTokenAgainstPattern(t *testing.T) {
	for _, l := range goldenLines(t) {
		if got, want := preTokens(l.Text), preTokensByPattern(l.Text); !slices.Equal(got, want) {
			t.Fatalf("%q: got %q, want %q", l.Text, got, want)
		}
	}
	rng := newRand(t)
	for range times(5000) {
		text := strings.Map(func(r rune) rune {
			if unicode.Is(letters, r) != unicode.IsLetter(r) || unicode.Is(numbers, r) != unicode.IsNumber(r) {
				return -1 // Go's data are older
			}
			return r
		}, strings.ToValidUTF8(randomText(rng, 1+rng.IntN(20)), ""))
		if got, want := preTokens(text), preTokensByPattern(text); !slices.Equal(got, want) {
			t.Fatalf("%q: got %q, want %q", text, got, want)
		}
	}
}

// TestClassesSurviveNormalization: isBoundary judges the classes of characters
// before normalization. It may, because a letter decomposes into a letter and
// marks, and so on.
func TestClassesSurviveNormalization(t *testing.T) {
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		var lower layer
		lowerInto(&lower, []byte(string(r)), false)
		for _, changed := range []string{norm.NFD.String(string(r)), norm.NFC.String(string(r)), string(lower.text)} {
			first, _ := utf8.DecodeRuneInString(changed)
			if r == 0xA7D2 || r == 0xA7D4 {
				// Capitals of Unicode 17, whose classes are not known here.
				if _, _, ok := modernBERT(t).encoder.settled(r); ok {
					t.Errorf("%U is settled", r)
				}
				continue
			}
			if p := norm.NFC.PropertiesString(string(r)); p.BoundaryBefore() && classOf(first) != classOf(r) {
				t.Errorf("%U is of class %d, and its %+q begins with class %d", r, classOf(r), changed, classOf(first))
			}
		}
	}
}
