package terminal

import "fmt"

// Style is the look of a cell.
type Style uint8

// The styles. Those of heat are had from [Heat].
const (
	Plain   Style = iota
	Faint         // what is beside the point
	Strong        // names
	Matched       // a word that answers a word of the query
	heat1         // heat1 to heat5: least to most
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
	Plain:   "",
	Faint:   "2",
	Strong:  "1",
	Matched: "1;33",
	heat1:   "38;5;16;48;5;230",
	heat2:   "38;5;16;48;5;222",
	heat3:   "38;5;16;48;5;214",
	heat4:   "38;5;16;48;5;208",
	heat5:   "38;5;231;48;5;160",
}

func (s Style) sequence() string {
	if s == Plain {
		return ""
	}
	return fmt.Sprintf("\x1b[%sm", sequences[s])
}

// Heat returns the style for a value between 0 and the largest one.
func Heat(value, largest float32) Style {
	if value <= 0 || largest <= 0 {
		return Plain
	}
	level := int(value / largest * float32(heatLevels))
	return heat1 + Style(min(level, heatLevels-1))
}
