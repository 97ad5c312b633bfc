package extract

import (
	"strings"
	"unicode"
)

// layout writes text with paragraphs, headings and lists as Markdown has them.
// White space is made single, except in code.
type layout struct {
	out   strings.Builder
	limit int64
	err   error // the limit was reached

	breaks int    // newlines to write before the next text: 0, 1, or 2 for a paragraph
	space  bool   // a space to write before the next text
	mark   string // what to write before the next text, at the beginning of its line
	cells  bool   // the line has a cell of a table already
	inLine bool   // in a heading, which is one line: breaks are spaces
	level  int    // of the heading
	start  int    // where its text begins in out, -1 before there is any
	title  string // the first heading of level 1
}

const cellMark = " | "

func (l *layout) paragraph() { l.breakLine(2) }

func (l *layout) line() { l.breakLine(1) }

func (l *layout) breakLine(n int) {
	if l.inLine {
		l.space = true
		return
	}
	l.breaks, l.space = max(l.breaks, n), false
}

// beginHeading starts a heading; what comes until endHeading is one line.
func (l *layout) beginHeading(level int) {
	l.endHeading()
	l.level, l.start = min(max(level, 1), 6), -1
	l.mark = strings.Repeat("#", l.level) + " "
	l.inLine = true
}

func (l *layout) endHeading() {
	if l.inLine && l.level == 1 && l.start >= 0 && l.title == "" {
		l.title = l.out.String()[l.start:]
	}
	l.inLine, l.mark = false, ""
	l.paragraph()
}

// item starts an item of a list.
func (l *layout) item() {
	l.line()
	l.mark = "- "
}

// row starts a row of a table, and cell a cell of it.
func (l *layout) row() {
	l.line()
	l.mark, l.cells = "", false
}

func (l *layout) cell() {
	if l.cells {
		l.mark, l.space = cellMark, false
	}
	l.cells = true
}

// words writes text, its white space made single.
func (l *layout) words(s string) {
	for s != "" && l.err == nil {
		rest := strings.TrimLeftFunc(s, unicode.IsSpace)
		if len(rest) < len(s) {
			l.space = true
		}
		n := strings.IndexFunc(rest, unicode.IsSpace)
		if n < 0 {
			n = len(rest)
		}
		if n > 0 {
			l.write(rest[:n])
		}
		s = rest[n:]
	}
}

// code writes lines as they are, between fences.
func (l *layout) code(s string) {
	s = strings.Trim(tidy(s), "\n")
	if strings.TrimSpace(s) == "" {
		return
	}
	fence := "```"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	l.paragraph()
	l.write(fence + "\n" + s + "\n" + fence)
	l.paragraph()
}

// write writes s after what is to come before it.
func (l *layout) write(s string) {
	if int64(l.out.Len()+len(s)) > l.limit {
		l.err = tooMuch(l.limit)
	}
	if l.err != nil {
		return
	}
	switch {
	case l.out.Len() == 0:
	case l.breaks > 0:
		l.out.WriteString("\n\n"[:l.breaks])
	case l.space && l.mark != cellMark:
		l.out.WriteByte(' ')
	}
	l.out.WriteString(l.mark)
	if l.inLine && l.start < 0 {
		l.start = l.out.Len()
	}
	l.breaks, l.space, l.mark = 0, false, ""
	l.out.WriteString(s)
}

func tooMuch(limit int64) error {
	return Refuse(ErrTooLarge, "has more text than the limit of %d bytes", limit)
}
