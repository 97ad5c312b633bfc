package evidence

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
)

// The columns of the table that are as wide as they must be; the document
// token in its context has the rest.
const (
	queryColumn  = 16
	numberHeader = "  similarity   share"
)

// Table shows a line for each token of the query: the token most like it in the
// title or in the text, with what is around it, their similarity, in the color of
// it if warm is set, and its share of the score.
func Table(out *terminal.Screen, matches []Match, title, text string, warm bool) {
	context := out.Width - queryColumn - len(numberHeader) - 2
	header := fmt.Sprintf("%-*s  %-*.*s%s", queryColumn, "query", context, context, "best match", numberHeader)
	out.Line(terminal.ASCII(header, terminal.Faint))
	for _, m := range matches {
		line := terminal.Pad(terminal.Cut(m.Query.cells(), queryColumn), queryColumn)
		line = append(line, terminal.Space, terminal.Space)
		line = append(line, terminal.Pad(m.Document.inContext(title, text, context), context)...)
		similarity := terminal.Plain
		if warm {
			similarity = terminal.Heat(m.Similarity, 1)
		}
		line = append(line, terminal.Pad(nil, 6)...)
		line = append(line, terminal.ASCII(fmt.Sprintf("%6.3f", m.Similarity), similarity)...)
		line = append(line, terminal.ASCII(fmt.Sprintf("  %5.1f%%", 100*m.Share), terminal.Plain)...)
		out.Line(line)
	}
}

func (t Token) cells() []terminal.Cell {
	if len(t.Spans) == 0 {
		return terminal.Styled(t.Name, terminal.Faint)
	}
	return terminal.Cells(t.Text, nil)
}

// inContext shows a token, highlighted, with as much of the title or text
// around it as fits into so many columns.
func (t Token) inContext(title, text string, room int) []terminal.Cell {
	text, span, ok := t.place(title, text)
	if !ok {
		return terminal.Cut(t.cells(), room)
	}
	// Enough bytes for room columns on each side, whatever they hold.
	span = trimmed(text, span)
	reach := 8 * room
	from, to := runeStart(text, span.Start-reach), runeStart(text, span.End+reach)
	all := terminal.Cells(text[from:to], []terminal.Mark{{Start: span.Start - from, End: span.End - from, Style: terminal.Matched}})
	isToken := func(c terminal.Cell) bool { return c.Style == terminal.Matched }
	start := max(0, slices.IndexFunc(all, isToken))
	end := start
	for end < len(all) && isToken(all[end]) {
		end++
	}
	start, end = widen(all, start, end, room-2*terminal.Ellipsis.Width)
	shown := slices.Clone(all[start:end])
	if start > 0 || from > 0 {
		shown = slices.Insert(shown, 0, terminal.Ellipsis)
	}
	if end < len(all) || to < len(text) {
		shown = append(shown, terminal.Ellipsis)
	}
	return terminal.Cut(shown, room)
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
func widen(all []terminal.Cell, start, end, room int) (int, int) {
	for room -= terminal.Width(all[start:end]); ; {
		before := room
		if start > 0 && all[start-1].Width <= room {
			start--
			room -= all[start].Width
		}
		if end < len(all) && all[end].Width <= room {
			room -= all[end].Width
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
