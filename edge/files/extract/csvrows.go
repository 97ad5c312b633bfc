package extract

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// errOpenQuotes is for a table of which some quotes begin a cell and have no end, with
// which all the rest would be one cell.
var errOpenQuotes = errors.New("has a cell in quotes that never ends")

// rowReader cuts a table into rows without ever holding more than longest bytes of one.
// Cells are as in RFC 4180: in quotes they may have what else ends them, and quotes
// that stand twice. A quote that neither begins a cell nor is followed by the end of one
// is a part of it. Lines end with \n, \r\n or \r.
type rowReader struct {
	in      *bufio.Reader
	mark    byte // that stands between cells
	longest int64
	// open is the byte where quotes begin that never end, -1 if there are none. From there
	// on, quotes that begin a cell end it only where they stand together, as in "" and
	// """"; others are left out.
	open int64

	row     []byte
	line    int   // in which the row begins that next returned, from 1
	at      int64 // byte that is read next
	current int   // line of it
	cr      bool  // \r is the byte before it

	quotes   int64 // where those of a cell began that are not at their end
	leftOut  int   // quotes
	leftLine int   // where the first of them stood
}

func newRowReader(text io.Reader, mark byte, longest, open int64) *rowReader {
	return &rowReader{in: bufio.NewReaderSize(text, 64<<10), mark: mark, longest: longest, open: open, current: 1}
}

// where in a row a byte stands.
type place int

const (
	cellStart place = iota
	inCell
	inQuotes
	afterQuote // in quotes: it ends the cell, is the first of two, or is one like others
	rowEnd
)

// next returns the next row that has anything, without the end of its line; it is valid
// until the next call. A row that is too long gives errLongLine and is passed over, the
// end of the table within quotes errOpenQuotes, the end of the rows io.EOF.
func (r *rowReader) next() ([]byte, error) {
	for {
		err := r.read()
		if err != nil || len(r.row) > 0 {
			return r.row, err
		}
	}
}

// read reads a row, which may be empty.
func (r *rowReader) read() error {
	r.row, r.line = r.row[:0], r.current
	long, start := false, r.at
	keep := func(text []byte) {
		if long = long || int64(len(r.row)+len(text)) > r.longest; long {
			r.row = r.row[:0]
		} else {
			r.row = append(r.row, text...)
		}
	}
	for at := cellStart; at != rowEnd; {
		keep(r.within(at))
		c, err := r.byte()
		switch {
		case err != nil && err != io.EOF:
			return err
		case err == io.EOF && at == inQuotes:
			return errOpenQuotes
		case err == io.EOF && r.at == start:
			return io.EOF
		case err == io.EOF:
			at = rowEnd // the last line has no end; the next call finds the end of the table
			continue
		}
		if at == cellStart && c == '"' && r.open >= 0 && r.at > r.open {
			n, err := r.run()
			if err != nil {
				return err
			}
			for range min(int64(n), r.longest+1) {
				keep([]byte{c})
			}
			at = inCell
			continue
		}
		switch at = r.step(at, c); {
		case at != rowEnd:
			keep([]byte{c})
		case c == '\r' && r.follows('\n'):
			r.byte()
		}
	}
	if long {
		return errLongLine
	}
	return nil
}

// step returns where the row is after c.
func (r *rowReader) step(at place, c byte) place {
	switch {
	case at == inQuotes && c != '"':
		return inQuotes
	case at == inQuotes:
		return afterQuote
	case at == afterQuote && c == '"':
		return inQuotes
	case at == cellStart && c == '"':
		r.quotes = r.at - 1
		return inQuotes
	case c == r.mark:
		return cellStart
	case c == '\n' || c == '\r':
		return rowEnd
	case at == afterQuote:
		return inQuotes
	}
	return inCell
}

// run reads on to the end of quotes that begin a cell and stand together, of which the
// first is read. It returns how many of them are kept: an even number if the cell ends
// there, else none.
func (r *rowReader) run() (kept int, err error) {
	line := r.current
	n := 1
	for ; r.follows('"'); n++ {
		if _, err := r.byte(); err != nil {
			return 0, err
		}
	}
	if next, err := r.in.Peek(1); err == io.EOF || err == nil && (next[0] == r.mark || next[0] == '\n' || next[0] == '\r') {
		kept = n &^ 1
	} else if err != nil {
		return 0, err
	}
	if r.leftOut == 0 && n > kept {
		r.leftLine = line
	}
	r.leftOut += n - kept
	return kept, nil
}

// within reads what is left of a cell, or of a part in quotes, as far as it is there
// already. It is valid until the next reading.
func (r *rowReader) within(at place) []byte {
	text, _ := r.in.Peek(r.in.Buffered())
	n := 0
	switch at {
	case inCell:
		for n < len(text) && text[n] != r.mark && text[n] != '\n' && text[n] != '\r' {
			n++
		}
	case inQuotes:
		if n = bytes.IndexByte(text, '"'); n < 0 {
			n = len(text)
		}
	}
	if n == 0 {
		return nil
	}
	text = text[:n]
	r.in.Discard(n)
	r.at += int64(n)
	r.current += bytes.Count(text, []byte("\n")) + bytes.Count(text, []byte("\r")) - bytes.Count(text, []byte("\r\n"))
	if r.cr && text[0] == '\n' {
		r.current--
	}
	r.cr = text[n-1] == '\r'
	return text
}

// byte reads a byte.
func (r *rowReader) byte() (byte, error) {
	c, err := r.in.ReadByte()
	if err != nil {
		return 0, err
	}
	r.at++
	if c == '\r' || c == '\n' && !r.cr {
		r.current++
	}
	r.cr = c == '\r'
	return c, nil
}

// follows reports whether c is the next byte.
func (r *rowReader) follows(c byte) bool {
	next, err := r.in.Peek(1)
	return err == nil && next[0] == c
}

const maxColumns = 10_000

// cells appends the cells of a row that rowReader returned, in UTF-8 with \n between
// lines, to those of into. ok is false if they are more than maxColumns.
func cells(into []string, row string, mark byte) (all []string, ok bool) {
	for len(into) < maxColumns {
		cell := row
		if strings.HasPrefix(row, `"`) {
			end := endOfQuotes(row, mark)
			cell, row = strings.ReplaceAll(strings.TrimSuffix(row[1:end], `"`), `""`, `"`), row[end:]
		} else if end := strings.IndexByte(row, mark); end >= 0 {
			cell, row = row[:end], row[end:]
		} else {
			row = ""
		}
		into = append(into, cell)
		if row == "" {
			return into, true
		}
		row = row[1:]
	}
	return into, false
}

// endOfQuotes returns where the cell in quotes ends that a row begins with: behind its
// last quote.
func endOfQuotes(row string, mark byte) int {
	for i := 1; ; {
		n := strings.IndexByte(row[i:], '"')
		if n < 0 {
			return len(row)
		}
		i += n + 1
		switch {
		case i == len(row) || row[i] == mark || row[i] == '\n':
			return i
		case row[i] == '"':
			i++
		}
	}
}

const maxHeader = 1 << 20 // bytes of the first row that tell the separator

// separator tells by a table's first bytes what stands between cells: what the first line
// says, as in "sep=;", or the one of , ; | and tab that the first row has most of outside
// quotes.
func separator(head string) (mark byte, said bool) {
	line, _, _ := strings.Cut(head, "\n")
	if said, ok := strings.CutPrefix(strings.ToLower(line), "sep="); ok && len(said) == 1 && strings.ContainsAny(said, ",;|\t") {
		return said[0], true
	}
	var counts [256]int
	quoted := false
	for i := range len(head) {
		switch c := head[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\n':
			return most(counts), false
		default:
			counts[c]++
		}
	}
	return most(counts), false
}

func most(counts [256]int) byte {
	best := byte(',')
	for _, c := range []byte(";\t|") {
		if counts[c] > counts[best] {
			best = c
		}
	}
	return best
}
