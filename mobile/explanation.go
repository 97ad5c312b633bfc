package mobile

import (
	"strings"

	"github.com/toller-search/toller/edge"
)

// defaultPassage is how many bytes a passage has where nobody says otherwise.
const defaultPassage = 280

// An Explanation says where a score comes from.
type Explanation struct {
	Score float64 // as in Hit
	Mean  float64

	PassageStart int    // where Passage begins in the text, in UTF-16 units
	Passage      string // the passage of the text that answers best
	matches      []edge.Match
	marks        *Spans
	query, text  string
	title        string // of an index's entry
}

func newExplanation(query, text string, e edge.Evidence, passage int) *Explanation {
	best := e.BestPassage(text, passage)
	c := cursor{text: text}
	return &Explanation{
		Score: float64(e.Score), Mean: float64(e.Mean),
		PassageStart: c.units(best.Start), Passage: best.Of(text),
		matches: e.Matches, query: query, text: text,
		marks: newHighlights(text, 0, e.Highlights(text, leastShare(e))),
	}
}

// leastShare is the share of the score from which a word is highlighted: a quarter of
// a query vector's mean share, as in the results of an index.
func leastShare(e edge.Evidence) float32 {
	if len(e.Matches) == 0 {
		return 0
	}
	return 0.25 / float32(len(e.Matches))
}

// Highlights returns the parts of the text that the query's words match.
func (e *Explanation) Highlights() *Spans {
	if e.marks == nil {
		return new(Spans)
	}
	return e.marks
}

// Len returns the number of matches, one for each vector of the query.
func (e *Explanation) Len() int { return len(e.matches) }

// At returns a match, in the order of the query.
func (e *Explanation) At(i int) (*Match, error) {
	if i < 0 || i >= len(e.matches) {
		return nil, outOfRange(i, len(e.matches))
	}
	m := e.matches[i]
	return &Match{
		QueryToken: tokenText(e.query, m.Query), DocumentToken: e.documentToken(m.Document),
		Similarity: float64(m.Similarity), Share: float64(m.Share),
		query:    newSpans(e.query, m.Query.Spans),
		document: newSpans(e.text, m.Document.Spans),
		title:    newSpans(e.title, m.Document.TitleSpans),
	}, nil
}

// A Match pairs a vector of the query with the one of the text that is most like it.
type Match struct {
	QueryToken    string  // as it stands in the query, or the name of a token that the model adds
	DocumentToken string  // the same of the text
	Similarity    float64 // of the two, -1 to 1
	Share         float64 // of the score; shares add up to 1

	query, document, title *Spans
}

// QuerySpans returns where the token stands in the query: nowhere, if the model added it.
func (m *Match) QuerySpans() *Spans { return orNone(m.query) }

// DocumentSpans returns where the token stands in the text. A pooled vector has several
// places.
func (m *Match) DocumentSpans() *Spans { return orNone(m.document) }

// TitleSpans returns where the token stands in the title of an index's entry.
func (m *Match) TitleSpans() *Spans { return orNone(m.title) }

// orNone is for objects that the other side made by itself.
func orNone(s *Spans) *Spans {
	if s == nil {
		return new(Spans)
	}
	return s
}

// tokenText is what a token is called: its text, or its name where it has none.
func tokenText(text string, t edge.Token) string {
	if len(t.Spans) == 0 {
		return t.Name
	}
	return spanText(text, t.Spans)
}

func (e *Explanation) documentToken(t edge.Token) string {
	if len(t.Spans) == 0 && len(t.TitleSpans) > 0 {
		return spanText(e.title, t.TitleSpans)
	}
	return tokenText(e.text, t)
}

func spanText(text string, spans []edge.Span) string {
	var parts []string
	for _, s := range spans {
		parts = append(parts, strings.TrimSpace(s.Of(text)))
	}
	return strings.Join(parts, " ")
}
