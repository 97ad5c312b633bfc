package main

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// cell is one user-perceived character as it is shown.
type cell struct {
	text  string
	width int // columns it takes
	style style
}

var (
	space    = cell{text: " ", width: 1}
	ellipsis = cell{text: "…", width: 1}
)

// mark gives the bytes [start, end) of a text a style.
type mark struct {
	start, end int
	style      style
}

// cells prepares text for showing: white space of any length, line breaks
// included, becomes one space, and nothing that could steer a terminal is
// left. marks are sorted and don't overlap.
func cells(text string, marks []mark) []cell {
	shown := make([]cell, 0, len(text))
	graphemes := uniseg.NewGraphemes(text)
	for graphemes.Next() {
		from, to := graphemes.Positions()
		for len(marks) > 0 && marks[0].end <= from {
			marks = marks[1:]
		}
		c := visible(graphemes.Str(), graphemes.Width())
		if len(marks) > 0 && marks[0].start < to {
			c.style = marks[0].style
		}
		afterSpace := len(shown) == 0 || shown[len(shown)-1].text == " "
		if c.text == "" || c.text == " " && afterSpace {
			continue
		}
		shown = append(shown, c)
	}
	if n := len(shown); n > 0 && shown[n-1].text == " " {
		shown = shown[:n-1]
	}
	return shown
}

// visible returns the cell of one grapheme cluster.
func visible(cluster string, width int) cell {
	if r, size := utf8.DecodeRuneInString(cluster); unicode.IsSpace(r) && (size == len(cluster) || cluster == "\r\n") {
		return space
	}
	if !utf8.ValidString(cluster) { // of a file name
		cluster = strings.ToValidUTF8(cluster, string(utf8.RuneError))
		width = uniseg.StringWidth(cluster)
	}
	if !strings.ContainsFunc(cluster, steers) {
		return cell{text: cluster, width: width}
	}
	cleaned := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r):
			return utf8.RuneError
		case steers(r):
			return -1
		}
		return r
	}, cluster)
	return cell{text: cleaned, width: uniseg.StringWidth(cleaned)}
}

// steers reports whether r could move the cursor, change colors or reorder
// the line instead of being shown.
func steers(r rune) bool {
	return unicode.IsControl(r) ||
		r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || // bidirectional embeddings, overrides, isolates
		r == 0x2028 || r == 0x2029 || r == 0xFEFF
}

// clean is text as it may be shown on one line.
func clean(text string) string { return render(cells(text, nil), false) }

func width(line []cell) int {
	columns := 0
	for _, c := range line {
		columns += c.width
	}
	return columns
}

// cut shortens a line to so many columns; what is missing shows as an ellipsis.
func cut(line []cell, columns int) []cell {
	if width(line) <= columns {
		return line
	}
	room := columns - 1
	for i, c := range line {
		if room -= c.width; room < 0 {
			return append(line[:i:i], ellipsis)
		}
	}
	return line
}

// pad fills a line up to so many columns.
func pad(line []cell, columns int) []cell {
	for n := columns - width(line); n > 0; n-- {
		line = append(line, space)
	}
	return line
}

// wrap breaks cells into lines of at most so many columns: at spaces where it
// can, within a word where it must.
func wrap(all []cell, columns int) [][]cell {
	var lines [][]cell
	for len(all) > 0 {
		end, next := lineEnd(all, columns)
		lines = append(lines, all[:end])
		all = all[next:]
	}
	return lines
}

// lineEnd returns how many cells make the first line, and where the second
// line begins.
func lineEnd(all []cell, columns int) (end, next int) {
	used, lastSpace := 0, -1
	for i, c := range all {
		if c.text == " " {
			lastSpace = i
		}
		if used += c.width; used <= columns {
			continue
		}
		switch {
		case lastSpace > 0:
			return lastSpace, lastSpace + 1
		case i == 0: // wider than the line: it must go somewhere
			return 1, 1
		default:
			return i, i
		}
	}
	return len(all), len(all)
}

// render turns cells into text, with escape sequences for their styles if
// color is set.
func render(line []cell, color bool) string {
	var out strings.Builder
	current := plain
	for _, c := range line {
		if color && c.style != current {
			if current != plain {
				out.WriteString(resetStyle)
			}
			out.WriteString(c.style.sequence())
			current = c.style
		}
		out.WriteString(c.text)
	}
	if current != plain {
		out.WriteString(resetStyle)
	}
	return out.String()
}
