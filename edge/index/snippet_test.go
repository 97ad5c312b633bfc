package index

import (
	"context"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/internal/tiny"
)

// TestWords checks that a lexical search highlights what it found a passage by.
func TestWords(t *testing.T) {
	ctx := context.Background()
	x := openIndex(t, open(t, tiny.New(t)))
	far := strings.Repeat("Nothing is said here about it. ", 20) + "A heron stands in the river. " + strings.Repeat("Nor is it here. ", 30)
	entries := []Entry{
		{Key: "endings", Title: "On studying", Text: "She runs; he ran. A study, studied."},
		{Key: "accents", Text: "Café, cafe\u0301, NAIVE"},
		{Key: "far", Text: far},
		{Key: "chinese", Title: "港口", Text: "港口起重机在黄昏前吊起四十个集装箱。"},
		{Key: "japanese", Text: "港のクレーンが夕暮れ前にコンテナを持ち上げた。"},
		{Key: "korean", Text: "항구의 크레인이 해질녘 전에 컨테이너를 들어올렸다."},
		{Key: "lighthouse", Text: "The light\u200bhouse keep\u00ader re\u00adpaired the fog\u00adhorn."},
		{Key: "thai", Text: "เครนที่ท่าเรือยกตู้คอนเทนเนอร์ก่อนพลบค่ำ"},
		{Key: "hyphens", Text: "Die Lade\u00adkran\u00adf\u00fchre\u00adrin pr\u00fcft die Hafen\u00adan\u00adlage."},
	}
	if err := x.Add(ctx, entries); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		query, key string
		want       []string // in title and snippet
	}{
		{"running studies", "endings", []string{"studying", "runs", "study", "studied"}},
		{"cafe naïve", "accents", []string{"Café", "cafe\u0301", "NAIVE"}},
		{"港口的集装箱", "chinese", []string{"港口", "港口", "集装箱"}},
		{"起重机", "chinese", []string{"起重机"}},
		{"クレーン", "japanese", []string{"クレーン"}},
		{"크레인", "korean", []string{"크레인"}},
		{"เครน", "thai", []string{"เครน"}},
		{"lighthouses repaired", "lighthouse", []string{"light\u200bhouse", "re\u00adpaired"}},
		{"ท่าเรือ", "thai", []string{"ท่าเรือ"}},
		{"Hafenanlage", "hyphens", []string{"Hafen\u00adan\u00adlage"}},
		{"herons in rivers", "far", []string{"heron", "river"}},
	} {
		found := search(t, x, test.query, In(Lexical), TopK(1))
		if len(found) != 1 || found[0].Key != test.key {
			t.Errorf("%s: expected %s, found %+v", test.query, test.key, found)
			continue
		}
		r := found[0]
		var got []string
		for _, h := range r.TitleHighlights {
			got = append(got, h.Of(r.Title))
		}
		for _, h := range r.Snippet.Highlights {
			got = append(got, h.Of(r.Text))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: expected %q, found %q in %q", test.query, test.want, got, r.Snippet.Of(r.Text))
		}
		if r.Snippet.Len() > snippetBytes {
			t.Errorf("%s: expected at most %d bytes, found %d", test.query, snippetBytes, r.Snippet.Len())
		}
	}
	for _, r := range search(t, x, "the heron", WithoutSnippets()) {
		if r.Snippet.Len() > 0 || r.Snippet.Highlights != nil || r.TitleHighlights != nil || r.Evidence != nil || r.Text == "" {
			t.Errorf("expected a text without highlights, found %+v", r)
		}
	}
	for _, r := range search(t, x, "the heron", WithoutSnippets(), WithEvidence()) {
		if r.Snippet.Len() > 0 || r.Evidence == nil {
			t.Errorf("expected evidence alone, found %+v", r)
		}
	}
}

// FuzzSnippet checks what must hold of any text and highlights.
func FuzzSnippet(f *testing.F) {
	for i, text := range tiny.Texts {
		f.Add(text, i, 3*i)
	}
	f.Add(strings.Repeat("\u0301", 300), 3, 9)
	f.Fuzz(func(t *testing.T, text string, step, size int) {
		step, size = 1+max(step%97, 0), 1+max(size%97, 0)
		var marks []edge.Highlight
		for at := 0; at < len(text) && at+size <= len(text); at += step + size {
			marks = append(marks, edge.Highlight{Span: edge.Span{Start: at, End: at + size}, Weight: float32(at%7 + 1)})
		}
		s := newSnippet(text, marks)
		if s.Len() > snippetBytes || s.Start < 0 || s.End > len(text) || strings.TrimSpace(s.Of(text)) != s.Of(text) {
			t.Fatalf("expected at most %d bytes of %d without white space around, found %v", snippetBytes, len(text), s.Span)
		}
		for _, h := range s.Highlights {
			if h.Start < s.Start || h.End > s.End || h.Len() <= 0 {
				t.Fatalf("expected highlights inside %v, found %v", s.Span, h)
			}
		}
		if len(marks) == 0 && utf8.ValidString(text) && !utf8.ValidString(s.Of(text)) {
			t.Fatalf("expected whole characters, found %q", s.Of(text))
		}
	})
}
