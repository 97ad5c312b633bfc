package main

import (
	_ "embed"
	"fmt"
	"html/template"
	"strings"

	"github.com/toller-search/toller/edge"
)

// heatmapPage is the page of toller search --html. What it is filled with is
// escaped, and its own policy allows neither scripts nor anything from
// elsewhere.
//
//go:embed heatmap.html
var heatmapPage string

var heatmapTemplate = template.Must(template.New("heatmap").Parse(heatmapPage))

// pageLevels is how many steps the scale of similarities from 0 to 1 has.
const pageLevels = 10

type (
	page struct {
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

// writePage writes what was found as a page of its own.
func (f *searchFlags) writePage(found *findings) error {
	file, err := createFile(f.html, f.force)
	if err != nil {
		return err
	}
	defer file.discard()
	if err := heatmapTemplate.Execute(file, newPage(found)); err != nil {
		return fmt.Errorf("writing %s: %w", f.html, err)
	}
	return file.commit()
}

func newPage(found *findings) page {
	p := page{
		Query:   clean(found.Query),
		Summary: fmt.Sprintf("%s, model %s.", count(len(found.Hits), "hit"), clean(found.Model)),
	}
	for level := range pageLevels {
		p.Levels = append(p.Levels, pageLevel{level, fmt.Sprintf("%.2f", float64(level)/(pageLevels-1))})
	}
	for i := range found.Hits {
		p.Hits = append(p.Hits, newPageHit(&found.Hits[i]))
	}
	return p
}

func newPageHit(h *finding) pageHit {
	p := pageHit{
		Rank:    h.Rank,
		Where:   clean(h.name()),
		Heading: clean(h.heading()),
		Score:   "score " + formatScore(float32(h.Score)),
		Title:   pieces(h.Title, warmth(h.Matches, true)),
		Text:    pieces(h.Text, warmth(h.Matches, false)),
	}
	if h.Title == "" {
		p.Title, p.Where = []pagePiece{{Text: p.Where}}, ""
	}
	for _, m := range h.Matches {
		p.Rows = append(p.Rows, newPageRow(m, h))
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
			out = append(out, pagePiece{Text: printable(text[at:span.Start])})
		}
		var tips []string
		for _, m := range w.answers {
			tips = append(tips, fmt.Sprintf("%s: similarity %.3f, %.1f %% of the score", clean(m.Query.label()), m.Similarity, 100*m.Share))
		}
		out = append(out, pagePiece{printable(span.Of(text)), strings.Join(tips, "\n"), pageLevelOf(w.similarity)})
		at = span.End
	}
	if at < len(text) {
		out = append(out, pagePiece{Text: printable(text[at:])})
	}
	return out
}

// printable is text without what would reorder a line or show as nothing; its
// line breaks stay.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if steers(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text)
}

func pageLevelOf(similarity float32) int {
	return min(max(int(similarity*pageLevels), 0), pageLevels-1)
}

// aroundMatch is how many bytes of text the table shows on each side of a
// match.
const aroundMatch = 24

func newPageRow(m match, h *finding) pageRow {
	row := pageRow{
		Query:      clean(m.Query.label()),
		Added:      len(m.Query.Spans) == 0,
		Match:      clean(m.Document.label()),
		Level:      pageLevelOf(m.Similarity),
		Similarity: fmt.Sprintf("%.3f", m.Similarity),
		Share:      fmt.Sprintf("%.1f %%", 100*m.Share),
	}
	text, span, ok := m.Document.place(h.Title, h.Text)
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
	return spaced(before), clean(span.Of(text)), spaced(after)
}

// spaced is text on one line that keeps a space at either end.
func spaced(text string) string {
	shown := clean(text)
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
