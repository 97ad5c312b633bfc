package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/toller-search/toller/edge"
)

func (e *explanation) print(out *screen, json bool) error {
	switch {
	case json:
		return out.writeJSON(e)
	case out.terminal:
		e.table(out)
	default:
		e.lines(out)
	}
	return out.flush()
}

// The columns of the table that are as wide as they must be; the document
// token in its context has the rest.
const (
	queryColumn  = 16
	numberHeader = "  similarity   share"
)

// table shows a line for each token of the query, then the document.
func (e *explanation) table(out *screen) {
	title := fmt.Sprintf("score %s, mean %s  ", formatScore(e.Score), formatMean(e.Mean))
	out.line(cut(append(columns(title, plain), styled(e.Document, strong)...), out.width))
	out.line(nil)
	matchTable(out, e.Matches, "", e.text, false)
	out.line(nil)
	for _, line := range wrap(e.heated(), out.width) {
		out.line(line)
	}
	if e.Truncated {
		out.line(styled("the document goes on; it was cut at the length limit (--max-tokens)", faint))
	}
}

// matchTable shows a line for each token of the query: the token most like it in
// the title or in the text, with what is around it, their similarity, in the
// color of it if warm is set, and its share of the score.
func matchTable(out *screen, matches []match, title, text string, warm bool) {
	context := out.width - queryColumn - len(numberHeader) - 2
	header := fmt.Sprintf("%-*s  %-*.*s%s", queryColumn, "query", context, context, "best match", numberHeader)
	out.line(columns(header, faint))
	for _, m := range matches {
		line := pad(cut(m.Query.cells(), queryColumn), queryColumn)
		line = append(line, space, space)
		line = append(line, pad(m.Document.inContext(title, text, context), context)...)
		similarity := plain
		if warm {
			similarity = heat(m.Similarity, 1)
		}
		line = append(line, pad(nil, 6)...)
		line = append(line, columns(fmt.Sprintf("%6.3f", m.Similarity), similarity)...)
		line = append(line, columns(fmt.Sprintf("  %5.1f%%", 100*m.Share), plain)...)
		out.line(line)
	}
}

// lines prints each match as tab-separated fields.
func (e *explanation) lines(out *screen) {
	for _, m := range e.Matches {
		fmt.Fprintf(out, "%s\t%s\t%.4f\t%.4f\t", clean(m.Query.label()), clean(m.Document.label()), m.Similarity, m.Share)
		if len(m.Document.Spans) > 0 {
			fmt.Fprintf(out, "%d\t%d\n", m.Document.Spans[0].Start, m.Document.Spans[0].End)
		} else {
			out.WriteString("\t\n")
		}
	}
}

// label is what a token is called: its text, or the name of what the model
// adds.
func (t token) label() string {
	if len(t.Spans)+len(t.TitleSpans) == 0 {
		return t.Name
	}
	return t.Text
}

// place returns the text that a token stands in, and where: its passage's, or
// else the title.
func (t token) place(title, text string) (string, edge.Span, bool) {
	switch {
	case len(t.Spans) > 0:
		return text, t.Spans[0], true
	case len(t.TitleSpans) > 0:
		return title, t.TitleSpans[0], true
	}
	return "", edge.Span{}, false
}

func (t token) cells() []cell {
	if len(t.Spans) == 0 {
		return styled(t.Name, faint)
	}
	return cells(t.Text, nil)
}

// inContext shows a token, highlighted, with as much of the title or text
// around it as fits into so many columns.
func (t token) inContext(title, text string, room int) []cell {
	text, span, ok := t.place(title, text)
	if !ok {
		return cut(t.cells(), room)
	}
	// Enough bytes for room columns on each side, whatever they hold.
	span = trimmed(text, span)
	reach := 8 * room
	from, to := runeStart(text, span.Start-reach), runeStart(text, span.End+reach)
	all := cells(text[from:to], []mark{{span.Start - from, span.End - from, matched}})
	isToken := func(c cell) bool { return c.style == matched }
	start := max(0, slices.IndexFunc(all, isToken))
	end := start
	for end < len(all) && isToken(all[end]) {
		end++
	}
	start, end = widen(all, start, end, room-2*ellipsis.width)
	shown := slices.Clone(all[start:end])
	if start > 0 || from > 0 {
		shown = slices.Insert(shown, 0, ellipsis)
	}
	if end < len(all) || to < len(text) {
		shown = append(shown, ellipsis)
	}
	return cut(shown, room)
}

// trimmed takes the white space off a span's ends: a token of this family
// holds the space before its word.
func trimmed(text string, s edge.Span) edge.Span {
	inside := s.Of(text)
	s.Start += len(inside) - len(strings.TrimLeftFunc(inside, unicode.IsSpace))
	s.End = s.Start + len(strings.TrimSpace(inside))
	return s
}

// widen grows all[start:end] to both sides, as evenly as it can, up to room
// columns.
func widen(all []cell, start, end, room int) (int, int) {
	for room -= width(all[start:end]); ; {
		before := room
		if start > 0 && all[start-1].width <= room {
			start--
			room -= all[start].width
		}
		if end < len(all) && all[end].width <= room {
			room -= all[end].width
			end++
		}
		if room == before {
			return start, end
		}
	}
}

// runeStart moves a byte offset into text, and back to the start of a rune.
func runeStart(text string, at int) int {
	at = min(max(at, 0), len(text))
	for at > 0 && at < len(text) && !utf8.RuneStart(text[at]) {
		at--
	}
	return at
}

// heated is the document's text as far as it was read, each token in the
// color of its part in the score.
func (e *explanation) heated() []cell {
	type part struct {
		edge.Span
		share float32
	}
	var parts []part
	for _, m := range e.Matches {
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
	marks := make([]mark, len(parts))
	for i, p := range parts {
		span := trimmed(e.text, p.Span)
		marks[i] = mark{span.Start, span.End, heat(p.share, largest)}
	}
	return cells(e.text, marks)
}
