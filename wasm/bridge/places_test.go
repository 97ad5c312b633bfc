package bridge

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/toller-search/toller/edge"
)

// TestPlaces compares places with the length of the text before them.
func TestPlaces(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	characters := []string{"a", "é", "日", "😀", "\u0000", "\U0010FFFF", "\uFFFD", " "}
	for range 200 {
		var b strings.Builder
		for range random.IntN(20) {
			b.WriteString(characters[random.IntN(len(characters))])
		}
		text := b.String()
		p := PlacesIn(text)
		for i := range len(text) + 1 {
			if i < len(text) && !utf8.RuneStart(text[i]) {
				continue
			}
			want := edge.Span{Start: len(utf16.Encode([]rune(text[:i]))), End: len(utf16.Encode([]rune(text)))}
			if got := p.Span(edge.Span{Start: i, End: len(text)}); got != want {
				t.Fatalf("%q from byte %d: expected %v, found %v", text, i, want, got)
			}
		}
	}
}

// TestPlacesOfASCII checks that ordinary text needs no table.
func TestPlacesOfASCII(t *testing.T) {
	if p := PlacesIn("plain text"); p != nil {
		t.Errorf("expected none, found %v", p)
	}
}
