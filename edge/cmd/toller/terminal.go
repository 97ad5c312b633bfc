package main

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

// The values of --color.
const (
	colorAuto   = "auto" // on a terminal, unless NO_COLOR is set or TERM is dumb
	colorAlways = "always"
	colorNever  = "never"
)

var colorModes = []string{colorAuto, colorAlways, colorNever}

// screen is standard output: a terminal to look at or a pipe to read from.
type screen struct {
	*bufio.Writer
	terminal bool
	width    int // columns to fill on a terminal
	color    bool
}

func newScreen(mode string) *screen {
	fd := int(os.Stdout.Fd())
	s := &screen{
		Writer:   bufio.NewWriterSize(os.Stdout, 64<<10),
		terminal: term.IsTerminal(fd),
		width:    defaultWidth,
	}
	if columns, _, err := term.GetSize(fd); err == nil && columns > 0 {
		s.width = min(max(columns, minWidth), maxWidth)
	}
	s.color = mode == colorAlways || mode == colorAuto && s.terminal && wantsColor()
	if s.color && s.terminal {
		s.color = enableSequences(os.Stdout)
	}
	return s
}

// wantsColor follows https://no-color.org.
func wantsColor() bool { return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" }

// line writes one line of cells.
func (s *screen) line(cells []cell) {
	s.WriteString(render(cells, s.color))
	s.WriteByte('\n')
}

// writeJSON writes v over several lines, as all there is to write.
func (s *screen) writeJSON(v any) error {
	encoder := json.NewEncoder(s)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		return err
	}
	return s.flush()
}

// flush reports what went wrong with anything that was written before. That
// the reader has gone, as head does, is its own affair.
func (s *screen) flush() error {
	if err := s.Flush(); err != nil && !readerGone(err) {
		return fmt.Errorf("writing the output: %w", err)
	}
	return nil
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
