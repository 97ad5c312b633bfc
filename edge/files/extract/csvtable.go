package extract

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"golang.org/x/text/encoding"
	"golang.org/x/text/transform"
)

// table is a file of rows.
type table struct {
	in       *input
	encoding encoding.Encoding // nil: UTF-8
	name     string            // of the encoding
	bad      int               // bytes or characters that are not in it
	mark     byte              // between cells
	said     bool              // by the first line, which is no row
	open     int64             // see rowReader
}

// openTable tells a table's encoding and what stands between its cells.
func openTable(in *input) (t *table, err error) {
	t = &table{in: in, open: -1}
	if t.encoding, t.name, t.bad, err = in.survey(); err != nil {
		return nil, err
	}
	head, err := io.ReadAll(io.LimitReader(t.text(), maxHeader))
	t.mark, t.said = separator(tidy(string(head)))
	return t, err
}

// text is the file in UTF-8, but for bytes that are not.
func (t *table) text() io.Reader {
	switch {
	case t.encoding != nil:
		return transform.NewReader(bufio.NewReaderSize(t.in.contents(0), 64<<10), t.encoding.NewDecoder())
	case bytes.HasPrefix(t.in.head, []byte(byteOrderMark)):
		return t.in.contents(int64(len(byteOrderMark)))
	}
	return t.in.contents(0)
}

const maxOpen = 100 // quotes of a file that are never closed

// learn learns from all rows what the columns have, and which quotes never end. What of
// the file becomes U+FFFD or is left out is said of the first document.
func (t *table) learn() (*columns, error) {
	c, r, err := t.look()
	if errors.Is(err, errOpenQuotes) {
		t.open = r.quotes
		c, r, err = t.look()
	}
	if err != nil {
		return nil, err
	}
	if note := replaced(t.bad, t.name); note != "" {
		t.in.missing = append(t.in.missing, note)
	}
	if r.leftOut > 0 {
		t.in.missing = append(t.in.missing, fmt.Sprintf("a quote in line %d is never closed, and was left out", r.leftLine))
	}
	return c, nil
}

// look learns what the columns have, and how many characters are no text.
func (t *table) look() (*columns, *rowReader, error) {
	text := t.text()
	if t.encoding != nil {
		count := &counter{in: text}
		defer func() { t.bad = count.found }()
		text = count
	}
	c := &columns{textField: t.in.options.TextField, textColumn: -1, titleColumn: -1}
	r := newRowReader(text, t.mark, t.in.options.MaxText, t.open)
	err := t.read(r, func(n int, row []string, err error) bool {
		if n == 1 {
			c.header(row)
		} else if err == nil {
			c.look(row)
		}
		return true
	})
	return c, r, err
}

// rows gives each row to f, or what is wrong with it, until f returns false.
func (t *table) rows(f func(n int, row []string, err error) bool) error {
	return t.read(newRowReader(t.text(), t.mark, t.in.options.MaxText, t.open), f)
}

// read gives each row that r finds to f, until that returns false.
func (t *table) read(r *rowReader, f func(n int, row []string, err error) bool) error {
	n := 1
	if t.said {
		n = 0
	}
	var row []string
	for ; ; n++ {
		raw, err := r.next()
		ok := true
		switch {
		case r.leftOut > maxOpen:
			return fmt.Errorf("has more than %d quotes that are never closed", maxOpen)
		case err == io.EOF:
			return nil
		case err == errLongLine && n == 1:
			return Refuse(ErrTooLarge, "line %d: the names of the columns have more than %d bytes, the limit", r.line, r.longest)
		case err == errLongLine:
			err = fmt.Errorf("begins in line %d and %w, %d bytes", r.line, err, r.longest)
		case err != nil:
			return err
		case n == 0:
			continue
		default:
			row, ok = cells(row[:0], tidy(string(raw)), t.mark)
		}
		if !ok {
			return fmt.Errorf("line %d has more than %d columns", r.line, maxColumns)
		}
		if !f(n, row, err) {
			return nil
		}
	}
}
