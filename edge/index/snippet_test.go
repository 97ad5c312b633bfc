package index

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/toller-search/toller/edge/internal/tiny"
)

func TestWordMatcher(t *testing.T) {
	for _, test := range []struct {
		query, text string
		want        []string
	}{
		{"bread", "Bread and breads, breadth.", []string{"Bread", "breads"}},
		{"running studies", "She runs; he ran. A study, studied.", []string{"runs", "study", "studied"}},
		{"cafe naïve", "Café, cafe\u0301, NAIVE", []string{"Café", "cafe\u0301", "NAIVE"}},
		{"what is the heron", "The heron is what the fish see.", []string{"heron"}},
		{"to be", "to be or not to be", []string{"to", "be", "to", "be"}},
		{"東京", "東京 は", []string{"東京"}},
		{"...", "...", nil},
		{"x", "", nil},
	} {
		var got []string
		var weight float32
		for _, h := range newWordMatcher(test.query).highlights(test.text) {
			got = append(got, h.Of(test.text))
			weight += h.Weight
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%q in %q: expected %q, found %q", test.query, test.text, test.want, got)
		}
		if weight > 1.0001 {
			t.Errorf("%q in %q: expected weights of at most 1 together, found %v", test.query, test.text, weight)
		}
	}
}

func TestSnippet(t *testing.T) {
	text := strings.Repeat("Nothing is said here about it. ", 20) + "A heron stands in the river. " + strings.Repeat("Nor is it here. ", 30)
	s := newSnippet(text, newWordMatcher("herons in rivers").highlights(text))
	got := s.Of(text)
	if !strings.Contains(got, "A heron stands in the river.") || len(got) > snippetBytes || len(s.Highlights) != 2 {
		t.Errorf("expected the heron in at most %d bytes, found %q with %v", snippetBytes, got, s.Highlights)
	}
	for _, h := range s.Highlights {
		if h.Start < s.Start || h.End > s.End {
			t.Errorf("expected a highlight inside %v, found %v", s.Span, h)
		}
	}
	if s := newSnippet("", nil); s.Len() != 0 || s.Highlights != nil {
		t.Errorf("expected nothing of an empty text, found %v", s)
	}
}

// FuzzWordMatcher checks what must hold of any query and text.
func FuzzWordMatcher(f *testing.F) {
	for i, text := range tiny.Texts {
		f.Add(tiny.Texts[(i+1)%len(tiny.Texts)], text)
	}
	f.Add("running", strings.Repeat("\u0301", 300))
	f.Fuzz(func(t *testing.T, query, text string) {
		marks := newWordMatcher(query).highlights(text)
		last := 0
		for _, h := range marks {
			if h.Start < last || h.Len() <= 0 || h.End > len(text) || !(h.Weight > 0) {
				t.Fatalf("expected words in order inside %d bytes, found %v", len(text), h)
			}
			last = h.End
		}
		s := newSnippet(text, marks)
		if s.Len() > snippetBytes || s.End > len(text) || utf8.ValidString(text) && !utf8.ValidString(s.Of(text)) {
			t.Fatalf("expected whole characters, found %q", s.Of(text))
		}
	})
}

// TestWordMatcherLong checks that the time doesn't explode with the length.
func TestWordMatcherLong(t *testing.T) {
	for _, piece := range []string{"x", "cat ", "\u0301", ".", "\xff"} {
		text := strings.Repeat(piece, 10<<20/len(piece))
		start := time.Now()
		newSnippet(text, newWordMatcher("cat").highlights(text))
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%q: took %v", piece, took)
		}
	}
}
