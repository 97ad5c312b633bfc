package evidence

import (
	"cmp"
	"slices"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
)

// Indent is how many columns stand before what is shown below a hit.
const Indent = 5

// HeatMap shows below a hit where its score comes from: the matches, and the
// title and the text, the warmer the more alike a token is to the one that it
// answers.
func HeatMap(out *terminal.Screen, matches []Match, title, text string) {
	out.Line(nil)
	Table(out, matches, title, text, true)
	out.Line(nil)
	if tokens := warmth(matches, true); len(tokens) > 0 {
		Indented(out, warm(title, tokens))
	}
	Indented(out, warm(text, warmth(matches, false)))
	out.Line(nil)
}

// Indented shows cells below a hit, in as many lines as they take.
func Indented(out *terminal.Screen, cells []terminal.Cell) {
	for _, line := range terminal.Wrap(cells, out.Width-Indent) {
		out.Line(append(terminal.Pad(nil, Indent), line...))
	}
}

// Contributions is a text, each token in the color of its part in the score.
func Contributions(text string, matches []Match) []terminal.Cell {
	type part struct {
		edge.Span
		share float32
	}
	var parts []part
	for _, m := range matches {
		for _, span := range m.Document.Spans {
			at := slices.IndexFunc(parts, func(p part) bool { return p.Span == span })
			if at < 0 {
				parts = append(parts, part{Span: span})
				at = len(parts) - 1
			}
			parts[at].share += m.Share
		}
	}
	slices.SortFunc(parts, func(a, b part) int { return cmp.Compare(a.Start, b.Start) })
	var largest float32
	for _, p := range parts {
		largest = max(largest, p.share)
	}
	marks := make([]terminal.Mark, len(parts))
	for i, p := range parts {
		span := trimmed(text, p.Span)
		marks[i] = terminal.Mark{Start: span.Start, End: span.End, Style: terminal.Heat(p.share, largest)}
	}
	return terminal.Cells(text, marks)
}

// warmed is a stretch of a title or a passage that answers words of the query.
type warmed struct {
	edge.Span
	similarity float32 // to the one that it is most like
	answers    []Match // all that it answers, the most alike first
}

// warmth returns the tokens that matches found in the text, or in the title,
// in its order. Where tokens of one character overlap, the first stands for all.
func warmth(matches []Match, inTitle bool) []warmed {
	var found []warmed
	for _, m := range matches {
		spans := m.Document.Spans
		if inTitle {
			spans = m.Document.TitleSpans
		}
		for _, span := range spans {
			at := slices.IndexFunc(found, func(w warmed) bool { return w.Span == span })
			if at < 0 {
				found = append(found, warmed{Span: span})
				at = len(found) - 1
			}
			found[at].answers = append(found[at].answers, m)
		}
	}
	for i := range found {
		w := &found[i]
		slices.SortStableFunc(w.answers, func(a, b Match) int { return cmp.Compare(b.Similarity, a.Similarity) })
		w.similarity = w.answers[0].Similarity
	}
	slices.SortFunc(found, func(a, b warmed) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End)) })
	end := 0
	return slices.DeleteFunc(found, func(w warmed) bool {
		overlaps := w.Start < end
		end = max(end, w.End)
		return overlaps || w.Len() == 0
	})
}

// warm is text with each token in the color of its similarity.
func warm(text string, tokens []warmed) []terminal.Cell {
	marks := make([]terminal.Mark, 0, len(tokens))
	for _, w := range tokens {
		if span := trimmed(text, w.Span); span.Len() > 0 {
			marks = append(marks, terminal.Mark{Start: span.Start, End: span.End, Style: terminal.Heat(w.similarity, 1)})
		}
	}
	return terminal.Cells(text, marks)
}
