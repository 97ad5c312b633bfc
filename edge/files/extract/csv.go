package extract

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// readCSV reads a document from each row: the first row names the columns. The
// text is the column of Options.TextField if there is one, and else all cells with
// the names of their columns; the title is the column title. All other columns
// are metadata; those in which every cell is a number are numbers.
//
// The file is read three times, a row at a time, since the last of it may tell what the
// first is: its encoding, whether a quote ends, and whether a column has numbers alone.
func readCSV(in *input) error {
	t, err := openTable(in)
	if err != nil {
		return err
	}
	c, err := t.learn()
	if err != nil {
		return err
	}
	return t.rows(func(n int, row []string, err error) bool {
		if err != nil {
			return in.bad(Document{Part: rowPart(n), Record: n}, err)
		}
		return n == 1 || blank(row) || in.emit(c.document(n, row))
	})
}

func rowPart(n int) string { return "row " + strconv.Itoa(n) }

func blank(row []string) bool {
	return !slices.ContainsFunc(row, func(cell string) bool { return strings.TrimSpace(cell) != "" })
}

// columns is what is known of the columns of a table.
type columns struct {
	textField               string
	names                   []string
	words                   []bool // of each column: not all its cells are numbers
	textColumn, titleColumn int    // -1 where there is none
}

// header takes in the first row.
func (c *columns) header(row []string) {
	for i, name := range row {
		name = title(name)
		switch {
		case strings.EqualFold(name, c.textField) && c.textColumn < 0:
			c.textColumn = i
		case strings.EqualFold(name, "title") && c.titleColumn < 0:
			c.titleColumn = i
		case name == "":
			name = fmt.Sprintf("column %d", i+1)
		}
		c.names = append(c.names, name)
	}
	c.words = make([]bool, len(c.names))
}

// look notes which columns have more than numbers.
func (c *columns) look(row []string) {
	for i := range min(len(row), len(c.names)) {
		cell := strings.TrimSpace(row[i])
		if _, ok := number(cell); !ok && cell != "" {
			c.words[i] = true
		}
	}
}

// document makes one of row n. Cells beyond the header's are named by their place.
func (c *columns) document(n int, row []string) Document {
	d := Document{Part: rowPart(n), Record: n, Metadata: map[string]any{}}
	var all strings.Builder
	say := func(name, cell string) {
		if c.textColumn < 0 {
			for _, part := range []string{name, ": ", cell, "\n"} {
				all.WriteString(part)
			}
		}
	}
	for i := range row {
		cell := strings.TrimSpace(row[i])
		if cell == "" {
			continue
		}
		if i >= len(c.names) {
			name := fmt.Sprintf("column %d", i+1)
			say(name, cell)
			d.Metadata[name] = tidy(cell)
			continue
		}
		say(c.names[i], cell)
		switch {
		case i == c.textColumn:
			d.Text = strings.Clone(cell) // so that the row isn't held by it
		case i == c.titleColumn:
			d.Title = strings.Clone(cell)
		case c.words[i]:
			d.Metadata[c.names[i]] = tidy(cell)
		default:
			d.Metadata[c.names[i]], _ = number(cell)
		}
	}
	if c.textColumn < 0 {
		d.Text = strings.TrimSuffix(all.String(), "\n")
	}
	return d
}
