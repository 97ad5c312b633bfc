package evidence

import (
	"strconv"
	"strings"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
)

// A Match is a query token and the document token most like it.
type Match struct {
	Query      Token   `json:"query"`
	Document   Token   `json:"document"`
	Similarity float32 `json:"similarity"`
	Share      float32 `json:"share"` // of the score
}

// Matches returns the matches of a document with their texts. title is empty
// where a document has none of its own.
func Matches(found []edge.Match, query, title, text string) []Match {
	matches := make([]Match, len(found))
	for i, m := range found {
		document := NewToken(m.Document, text)
		if len(m.Document.Spans) == 0 && len(m.Document.TitleSpans) > 0 {
			document.Text = spanned(m.Document.TitleSpans, title)
		}
		matches[i] = Match{NewToken(m.Query, query), document, m.Similarity, m.Share}
	}
	return matches
}

// A Token is a token with its text; what the model adds has a name instead.
type Token struct {
	edge.Token
	Text string `json:"text,omitempty"`
}

// NewToken returns a token of this text.
func NewToken(t edge.Token, text string) Token { return Token{t, spanned(t.Spans, text)} }

// spanned is what is in the spans of a text.
func spanned(spans []edge.Span, text string) string {
	parts := make([]string, len(spans))
	for i, span := range spans {
		parts[i] = span.Of(text)
	}
	return strings.Join(parts, " ")
}

// Label is what a token is called on one line: its text, or the name of what the
// model adds.
func (t Token) Label() string {
	if len(t.Spans)+len(t.TitleSpans) == 0 {
		return terminal.Clean(t.Name)
	}
	return terminal.Clean(t.Text)
}

// place returns the text that a token stands in, and where: its passage's, or
// else the title.
func (t Token) place(title, text string) (string, edge.Span, bool) {
	switch {
	case len(t.Spans) > 0:
		return text, t.Spans[0], true
	case len(t.TitleSpans) > 0:
		return title, t.TitleSpans[0], true
	}
	return "", edge.Span{}, false
}

// FormatScore is a score, FormatMean its mean for each token of the query, as
// they are shown everywhere.
func FormatScore(score float32) string { return strconv.FormatFloat(float64(score), 'f', 4, 32) }

// FormatMean: see [FormatScore].
func FormatMean(mean float32) string { return strconv.FormatFloat(float64(mean), 'f', 3, 32) }
