package main

import (
	"strings"
	"testing"

	"github.com/toller-search/toller/edge"
)

// answer is a match of a query token with a place in the text.
func answer(query string, similarity float32, spans ...edge.Span) match {
	return match{Query: token{Text: query, Token: edge.Token{Spans: []edge.Span{{End: len(query)}}}},
		Document: token{Token: edge.Token{Spans: spans}}, Similarity: similarity, Share: similarity / 2}
}

func TestWarmth(t *testing.T) {
	matches := []match{
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
	got := pieces(text, warmth([]match{answer("loss", .97, edge.Span{Start: 4, End: 9}), answer("x", -.2, edge.Span{Start: 9, End: 10})}, false))
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
