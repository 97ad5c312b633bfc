package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/toller-search/toller/edge"
)

// warmed is a stretch of a title or a passage that answers words of the query.
type warmed struct {
	edge.Span
	similarity float32 // to the one that it is most like
	answers    []match // all that it answers, the most alike first
}

// warmth returns the tokens that matches found in the text, or in the title,
// in its order. Where tokens of one character overlap, the first stands for all.
func warmth(matches []match, inTitle bool) []warmed {
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
		slices.SortStableFunc(w.answers, func(a, b match) int { return cmp.Compare(b.Similarity, a.Similarity) })
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
func warm(text string, tokens []warmed) []cell {
	marks := make([]mark, 0, len(tokens))
	for _, w := range tokens {
		if span := trimmed(text, w.Span); span.Len() > 0 {
			marks = append(marks, mark{span.Start, span.End, heat(w.similarity, 1)})
		}
	}
	return cells(text, marks)
}

// heatmap shows below a hit on a terminal where its score comes from.
func (h *finding) heatmap(out *screen) {
	out.line(nil)
	matchTable(out, h.Matches, h.Title, h.Text, true)
	out.line(nil)
	if title := warmth(h.Matches, true); len(title) > 0 {
		for _, line := range wrap(warm(h.Title, title), out.width-indent) {
			out.line(append(pad(nil, indent), line...))
		}
	}
	for _, line := range wrap(warm(h.Text, warmth(h.Matches, false)), out.width-indent) {
		out.line(append(pad(nil, indent), line...))
	}
	out.line(nil)
}

// matchLines prints what heatmap shows as lines of tab-separated fields, the
// first of them empty.
func (h *finding) matchLines(out *screen) {
	for _, m := range h.Matches {
		fmt.Fprintf(out, "\t%s\t%s\t%.4f\t%.4f\n", clean(m.Query.label()), clean(m.Document.label()), m.Similarity, m.Share)
	}
}
