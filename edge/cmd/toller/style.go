package main

import "fmt"

// style is the look of a cell.
type style uint8

const (
	plain style = iota
	faint
	strong
	matched // a word that answers a word of the query
	heat1   // heat1 to heat5: the part a token has in the score, least to most
	heat2
	heat3
	heat4
	heat5
)

const (
	resetStyle = "\x1b[0m"
	heatLevels = int(heat5-heat1) + 1
)

// sequences are SGR parameters. The heat scale sets both colors, so that it
// reads the same on dark and on light terminals.
var sequences = [...]string{
	plain:   "",
	faint:   "2",
	strong:  "1",
	matched: "1;33",
	heat1:   "38;5;16;48;5;230",
	heat2:   "38;5;16;48;5;222",
	heat3:   "38;5;16;48;5;214",
	heat4:   "38;5;16;48;5;208",
	heat5:   "38;5;231;48;5;160",
}

func (s style) sequence() string {
	if s == plain {
		return ""
	}
	return fmt.Sprintf("\x1b[%sm", sequences[s])
}

// heat returns the style for a value between 0 and the largest one.
func heat(value, largest float32) style {
	if value <= 0 || largest <= 0 {
		return plain
	}
	level := int(value / largest * float32(heatLevels))
	return heat1 + style(min(level, heatLevels-1))
}

// styled is text from elsewhere in one style.
func styled(text string, s style) []cell {
	return cells(text, []mark{{0, len(text), s}})
}

// columns is ASCII text of our own, its spaces kept.
func columns(text string, s style) []cell {
	line := make([]cell, len(text))
	for i := range line {
		line[i] = cell{text: text[i : i+1], width: 1, style: s}
	}
	return line
}
