package evidence

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
)

// pageText is the page. What it is filled with is escaped, and its own policy
// allows neither scripts nor anything from elsewhere.
//
//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// pageLevels is how many steps the scale of similarities from 0 to 1 has.
const pageLevels = 10

// A Page shows hits with their heat maps in a browser.
type Page struct {
	Query string
	Model string // its name
	Hits  []Hit
}

// A Hit is a passage that was found.
type Hit struct {
	Rank    int    // from 1
	Where   string // its document's name
	Heading string // where in the document it stands; may be empty
	Title   string // may be empty
	Text    string
	Score   float32
	Matches []Match
}

// Write writes the page as HTML.
func (p Page) Write(out io.Writer) error { return pageTemplate.Execute(out, newPageView(p)) }

// What the template is filled with.
type (
	pageView struct {
		Query   string
		Summary string
		Levels  []pageLevel
		Hits    []pageHit
	}
	pageLevel struct {
		Level int
		Part  string // of the strongest color
	}
	pageHit struct {
		Rank        int
		Where       string
		Heading     string
		Score       string
		Title, Text []pagePiece
		Rows        []pageRow
	}
	// pagePiece is text; with a tip, it is a token that answers the query.
	pagePiece struct {
		Text  string
		Tip   string
		Level int
	}
	pageRow struct {
		Query                string
		Added                bool // by the model
		Before, Match, After string
		Level                int
		Similarity, Share    string
	}
)

func newPageView(p Page) pageView {
	v := pageView{
		Query:   terminal.Clean(p.Query),
		Summary: fmt.Sprintf("%s, model %s.", terminal.Count(len(p.Hits), "hit"), terminal.Clean(p.Model)),
	}
	for level := range pageLevels {
		v.Levels = append(v.Levels, pageLevel{level, fmt.Sprintf("%.2f", float64(level)/(pageLevels-1))})
	}
	for _, h := range p.Hits {
		v.Hits = append(v.Hits, newPageHit(h))
	}
	return v
}

func newPageHit(h Hit) pageHit {
	p := pageHit{
		Rank:    h.Rank,
		Where:   terminal.Clean(h.Where),
		Heading: terminal.Clean(h.Heading),
		Score:   "score " + FormatScore(h.Score),
		Title:   pieces(h.Title, warmth(h.Matches, true)),
		Text:    pieces(h.Text, warmth(h.Matches, false)),
	}
	if h.Title == "" {
		p.Title, p.Where = []pagePiece{{Text: p.Where}}, ""
	}
	for _, m := range h.Matches {
		p.Rows = append(p.Rows, newPageRow(m, h.Title, h.Text))
	}
	return p
}

// pieces cuts text at its tokens.
func pieces(text string, tokens []warmed) []pagePiece {
	var out []pagePiece
	at := 0
	for _, w := range tokens {
		span := trimmed(text, w.Span)
		if span.Len() == 0 || span.Start < at {
			continue
		}
		if at < span.Start {
			out = append(out, pagePiece{Text: terminal.Printable(text[at:span.Start])})
		}
		var tips []string
		for _, m := range w.answers {
			tips = append(tips, fmt.Sprintf("%s: similarity %.3f, %.1f %% of the score", m.Query.Label(), m.Similarity, 100*m.Share))
		}
		out = append(out, pagePiece{terminal.Printable(span.Of(text)), strings.Join(tips, "\n"), pageLevelOf(w.similarity)})
		at = span.End
	}
	if at < len(text) {
		out = append(out, pagePiece{Text: terminal.Printable(text[at:])})
	}
	return out
}

func pageLevelOf(similarity float32) int {
	return min(max(int(similarity*pageLevels), 0), pageLevels-1)
}

// aroundMatch is how many bytes of text the table shows on each side of a
// match.
const aroundMatch = 24

func newPageRow(m Match, title, text string) pageRow {
	row := pageRow{
		Query:      m.Query.Label(),
		Added:      len(m.Query.Spans) == 0,
		Match:      m.Document.Label(),
		Level:      pageLevelOf(m.Similarity),
		Similarity: fmt.Sprintf("%.3f", m.Similarity),
		Share:      fmt.Sprintf("%.1f %%", 100*m.Share),
	}
	text, span, ok := m.Document.place(title, text)
	if !ok {
		return row
	}
	row.Before, row.Match, row.After = around(text, span)
	return row
}

// around returns what is in the span and what stands to both sides of it, cut
// at words where there are any.
func around(text string, span edge.Span) (before, match, after string) {
	span = trimmed(text, span)
	from, to := runeStart(text, span.Start-aroundMatch), runeStart(text, span.End+aroundMatch)
	before, after = text[from:span.Start], text[span.End:to]
	if from > 0 {
		if _, rest, found := strings.Cut(before, " "); found {
			before = rest
		}
		before = "…" + before
	}
	if to < len(text) {
		if at := strings.LastIndexByte(after, ' '); at >= 0 {
			after = after[:at]
		}
		after += "…"
	}
	return spaced(before), terminal.Clean(span.Of(text)), spaced(after)
}

// spaced is text on one line that keeps a space at either end.
func spaced(text string) string {
	shown := terminal.Clean(text)
	if shown == "" {
		return ""
	}
	if strings.TrimLeft(text, " \t\r\n") != text {
		shown = " " + shown
	}
	if strings.TrimRight(text, " \t\r\n") != text {
		shown += " "
	}
	return shown
}
