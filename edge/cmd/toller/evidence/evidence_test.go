package evidence

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
)

// answer is a match of a query token with a place in the text.
func answer(query string, similarity float32, spans ...edge.Span) Match {
	return Match{Query: Token{Text: query, Token: edge.Token{Spans: []edge.Span{{End: len(query)}}}},
		Document: Token{Token: edge.Token{Spans: spans}}, Similarity: similarity, Share: similarity / 2}
}

func TestWarmth(t *testing.T) {
	matches := []Match{
		answer("a", .5, edge.Span{Start: 4, End: 8}),
		answer("b", .9, edge.Span{Start: 4, End: 8}),
		answer("c", .3, edge.Span{Start: 0, End: 4}, edge.Span{Start: 8, End: 12}), // a pooled vector
		answer("d", .1, edge.Span{Start: 9, End: 10}),                              // within the one before
		answer("[CLS]", .8),
	}
	got := warmth(matches, false)
	if len(got) != 3 || got[0].Start != 0 || got[1].Start != 4 || got[2].Start != 8 {
		t.Fatalf("found %+v", got)
	}
	if got[1].similarity != .9 || len(got[1].answers) != 2 || got[1].answers[0].Query.Text != "b" {
		t.Errorf("the warmest: %+v", got[1])
	}
	if got := warmth(matches, true); len(got) != 0 {
		t.Errorf("in the title: %+v", got)
	}
}

func TestPieces(t *testing.T) {
	const text = "Bone loss <b>\nin \u202Eolder"
	got := pieces(text, warmth([]Match{answer("loss", .97, edge.Span{Start: 4, End: 9}), answer("x", -.2, edge.Span{Start: 9, End: 10})}, false))
	var whole strings.Builder
	for _, p := range got {
		whole.WriteString(p.Text)
	}
	if want := strings.ReplaceAll(text, "\u202E", ""); whole.String() != want {
		t.Errorf("the pieces make %q", whole.String())
	}
	if p := got[1]; p.Text != "loss" || p.Level != 9 || p.Tip != "loss: similarity 0.970, 48.5 % of the score" {
		t.Errorf("the token is %+v", p)
	}
}

func TestAround(t *testing.T) {
	const text = "Calcium supplements slow the loss of bone mass in older women."
	at := strings.Index(text, " bone")
	before, match, after := around(text, edge.Span{Start: at, End: at + len(" bone")})
	if before != "…slow the loss of " || match != "bone" || after != " mass in older women." {
		t.Errorf("%q, %q, %q", before, match, after)
	}
	if before, match, after := around("bone", edge.Span{End: 4}); before != "" || match != "bone" || after != "" {
		t.Errorf("%q, %q, %q", before, match, after)
	}
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
	token := Token{Text: " loss"}
	token.Spans = []edge.Span{{Start: at, End: at + 5}}
	for room := 8; room < 80; room++ {
		shown := token.inContext("", text, room)
		got := terminal.Render(shown, true)
		if terminal.Width(shown) > room || !strings.Contains(got, "\x1b[1;33mloss\x1b[0m") {
			t.Errorf("%d columns: %q", room, got)
		}
	}
	if got := terminal.Render(token.inContext("", text, 80), false); got != text {
		t.Errorf("with room for all: %q", got)
	}
}

func FuzzWholeWords(f *testing.F) {
	f.Add("plain text", 2, 5)
	f.Add("\x1b[31m日本語 👩‍👩‍👧 \u202E", 0, 3)
	f.Fuzz(func(t *testing.T, text string, start, end int) {
		text = strings.ToValidUTF8(text, "\uFFFD")
		start = min(max(start, 0), len(text))
		end = min(max(end, start), len(text))
		start, end = runeStart(text, start), runeStart(text, end)
		from, to := wholeWords(text, start, end)
		if from > start || to < end || !utf8.ValidString(text[from:to]) {
			t.Fatalf("whole words of [%d, %d) are [%d, %d)", start, end, from, to)
		}
	})
}
