package terminal

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"golang.org/x/term"
)

const (
	defaultWidth = 80
	minWidth     = 40
	maxWidth     = 140 // longer lines of running text are hard to read
)

// When there is color.
const (
	ColorAuto   = "auto" // on a terminal, unless NO_COLOR is set or TERM is dumb
	ColorAlways = "always"
	ColorNever  = "never"
)

// ColorModes are the modes of [NewScreen].
var ColorModes = []string{ColorAuto, ColorAlways, ColorNever}

// Screen is standard output: a terminal to look at or a pipe to read from.
type Screen struct {
	*bufio.Writer
	Terminal bool
	Width    int // columns to fill on a terminal
	Color    bool
}

// NewScreen returns standard output with colors as the mode says.
func NewScreen(mode string) *Screen {
	fd := int(os.Stdout.Fd())
	s := &Screen{
		Writer:   bufio.NewWriterSize(os.Stdout, 64<<10),
		Terminal: term.IsTerminal(fd),
		Width:    defaultWidth,
	}
	if columns, _, err := term.GetSize(fd); err == nil && columns > 0 {
		s.Width = min(max(columns, minWidth), maxWidth)
	}
	s.Color = mode == ColorAlways || mode == ColorAuto && s.Terminal && wantsColor()
	if s.Color && s.Terminal {
		s.Color = enableSequences(os.Stdout)
	}
	return s
}

// wantsColor follows https://no-color.org.
func wantsColor() bool { return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" }

// Line writes one line of cells.
func (s *Screen) Line(cells []Cell) {
	s.WriteString(Render(cells, s.Color))
	s.WriteByte('\n')
}

// describeColumn is the width of the names of what is described.
const describeColumn = 13

// Describe writes one thing that is known and its name before it, in a column
// of its own.
func (s *Screen) Describe(name, format string, values ...any) {
	text := Cells(fmt.Sprintf(format, values...), nil)
	lines := [][]Cell{text}
	if s.Terminal {
		lines = Wrap(text, s.Width-describeColumn)
	}
	for _, l := range lines {
		s.Line(append(ASCII(fmt.Sprintf("%-*s", describeColumn, name), Faint), l...))
		name = ""
	}
}

// WriteJSON writes v over several lines, as all there is to write.
func (s *Screen) WriteJSON(v any) error {
	encoder := json.NewEncoder(s)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		return err
	}
	return s.Flush()
}

// WriteJSONLine writes v as one line of several.
func (s *Screen) WriteJSONLine(v any) error {
	encoder := json.NewEncoder(s)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

// Flush reports what went wrong with anything that was written before. That
// the reader has gone, as head does, is its own affair.
func (s *Screen) Flush() error {
	if err := s.Writer.Flush(); err != nil && !readerGone(err) {
		return fmt.Errorf("writing the output: %w", err)
	}
	return nil
}

// IsTerminal reports whether f is a terminal.
func IsTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
