package terminal

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// A Cell is one user-perceived character as it is shown.
type Cell struct {
	Text  string
	Width int // columns it takes
	Style Style
}

// Space is the cell between words, and Ellipsis stands for what is left out.
var (
	Space    = Cell{Text: " ", Width: 1}
	Ellipsis = Cell{Text: "…", Width: 1}
)

// A Mark gives the bytes [Start, End) of a text a style.
type Mark struct {
	Start, End int
	Style      Style
}

// Cells prepares text for showing: white space of any length, line breaks
// included, becomes one space, and nothing that could steer a terminal is
// left. marks are sorted and don't overlap.
func Cells(text string, marks []Mark) []Cell {
	shown := make([]Cell, 0, len(text))
	graphemes := uniseg.NewGraphemes(text)
	for graphemes.Next() {
		from, to := graphemes.Positions()
		for len(marks) > 0 && marks[0].End <= from {
			marks = marks[1:]
		}
		c := visible(graphemes.Str(), graphemes.Width())
		if len(marks) > 0 && marks[0].Start < to {
			c.Style = marks[0].Style
		}
		afterSpace := len(shown) == 0 || shown[len(shown)-1].Text == " "
		if c.Text == "" || c.Text == " " && afterSpace {
			continue
		}
		shown = append(shown, c)
	}
	if n := len(shown); n > 0 && shown[n-1].Text == " " {
		shown = shown[:n-1]
	}
	return shown
}

// Styled is text from elsewhere in one style.
func Styled(text string, s Style) []Cell {
	return Cells(text, []Mark{{0, len(text), s}})
}

// ASCII is text of our own, of one byte and one column a character, its spaces
// kept.
func ASCII(text string, s Style) []Cell {
	line := make([]Cell, len(text))
	for i := range line {
		line[i] = Cell{Text: text[i : i+1], Width: 1, Style: s}
	}
	return line
}

// visible returns the cell of one grapheme cluster.
func visible(cluster string, width int) Cell {
	if r, size := utf8.DecodeRuneInString(cluster); unicode.IsSpace(r) && (size == len(cluster) || cluster == "\r\n") {
		return Space
	}
	if !utf8.ValidString(cluster) { // of a file name
		cluster = strings.ToValidUTF8(cluster, string(utf8.RuneError))
		width = uniseg.StringWidth(cluster)
	}
	if !strings.ContainsFunc(cluster, steers) {
		return Cell{Text: cluster, Width: width}
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
	return Cell{Text: cleaned, Width: uniseg.StringWidth(cleaned)}
}
