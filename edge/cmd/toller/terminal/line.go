package terminal

import "strings"

// Width is how many columns a line takes.
func Width(line []Cell) int {
	columns := 0
	for _, c := range line {
		columns += c.Width
	}
	return columns
}

// Cut shortens a line to so many columns; what is missing shows as an ellipsis.
func Cut(line []Cell, columns int) []Cell {
	if Width(line) <= columns {
		return line
	}
	room := columns - 1
	for i, c := range line {
		if room -= c.Width; room < 0 {
			return append(line[:i:i], Ellipsis)
		}
	}
	return line
}

// Pad fills a line up to so many columns.
func Pad(line []Cell, columns int) []Cell {
	for n := columns - Width(line); n > 0; n-- {
		line = append(line, Space)
	}
	return line
}

// Wrap breaks cells into lines of at most so many columns: at spaces where it
// can, within a word where it must.
func Wrap(all []Cell, columns int) [][]Cell {
	var lines [][]Cell
	for len(all) > 0 {
		end, next := lineEnd(all, columns)
		lines = append(lines, all[:end])
		all = all[next:]
	}
	return lines
}

// lineEnd returns how many cells make the first line, and where the second
// line begins.
func lineEnd(all []Cell, columns int) (end, next int) {
	used, lastSpace := 0, -1
	for i, c := range all {
		if c.Text == " " {
			lastSpace = i
		}
		if used += c.Width; used <= columns {
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

// Render turns cells into text, with escape sequences for their styles if
// color is set.
func Render(line []Cell, color bool) string {
	var out strings.Builder
	current := Plain
	for _, c := range line {
		if color && c.Style != current {
			if current != Plain {
				out.WriteString(resetStyle)
			}
			out.WriteString(c.Style.sequence())
			current = c.Style
		}
		out.WriteString(c.Text)
	}
	if current != Plain {
		out.WriteString(resetStyle)
	}
	return out.String()
}
