package extract

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
)

// readCSV reads a document from each row: the first row names the columns. The
// text is the column of Options.TextField if there is one, and else all cells with
// the names of their columns; the title is the column title. All other columns
// are metadata; those in which every cell is a number are numbers.
func readCSV(in *input) error {
	text, err := in.text()
	if err != nil {
		return err
	}
	if err := checkColumns(text); err != nil {
		return err
	}
	t := table{textField: in.options.TextField, textColumn: -1, titleColumn: -1}
	err = in.rows(text, func(n int, row []string, err error) bool {
		if err == nil && n == 1 {
			t.header(row)
		} else if err == nil {
			t.look(row)
		}
		return true
	})
	if err != nil {
		return err
	}
	return in.rows(text, func(n int, row []string, err error) bool {
		if err != nil {
			return in.bad(Document{Part: fmt.Sprintf("row %d", n), Record: n}, err)
		}
		return n == 1 || blank(row) || in.emit(t.document(n, row))
	})
}

func blank(row []string) bool {
	return !slices.ContainsFunc(row, func(cell string) bool { return strings.TrimSpace(cell) != "" })
}

// rows gives each row of a text to f, until it returns false.
func (in *input) rows(text string, f func(n int, row []string, err error) bool) error {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = separator(text)
	r.LazyQuotes, r.FieldsPerRecord, r.ReuseRecord = true, -1, true
	for n := 1; ; n++ {
		if err := in.ctx.Err(); err != nil {
			return err
		}
		row, err := r.Read()
		if err == io.EOF || !f(n, row, err) {
			return nil
		}
	}
}

// separator is the one of , ; and tab that the first line has most of.
func separator(text string) rune {
	line, _, _ := strings.Cut(text, "\n")
	best := ','
	for _, c := range ";\t" {
		if strings.Count(line, string(c)) > strings.Count(line, string(best)) {
			best = c
		}
	}
	return best
}

const maxColumns = 10_000

// checkColumns refuses rows that would take the reader of CSV much more memory
// than they have bytes.
func checkColumns(text string) error {
	mark := string(separator(text))
	n := 0
	for line := range strings.Lines(text) {
		if n++; strings.Count(line, mark) >= maxColumns {
			return fmt.Errorf("line %d has more than %d columns", n, maxColumns)
		}
	}
	return nil
}

// table is what is known of the columns of a file.
type table struct {
	textField               string
	names                   []string
	words                   []bool // of each column: not all its cells are numbers
	textColumn, titleColumn int    // -1 where there is none
}

// header takes in the first row.
func (t *table) header(row []string) {
	for i, name := range row {
		name = title(name)
		switch {
		case strings.EqualFold(name, t.textField) && t.textColumn < 0:
			t.textColumn = i
		case strings.EqualFold(name, "title") && t.titleColumn < 0:
			t.titleColumn = i
		case name == "":
			name = fmt.Sprintf("column %d", i+1)
		}
		t.names = append(t.names, name)
	}
	t.words = make([]bool, len(t.names))
}

// look notes which columns have more than numbers.
func (t *table) look(row []string) {
	for i := range min(len(row), len(t.names)) {
		cell := strings.TrimSpace(row[i])
		if _, ok := number(cell); !ok && cell != "" {
			t.words[i] = true
		}
	}
}

// document makes one of row n. Cells beyond the header's have no name and are
// left out.
func (t *table) document(n int, row []string) Document {
	d := Document{Part: fmt.Sprintf("row %d", n), Record: n, Metadata: map[string]any{}}
	var all strings.Builder
	for i := range min(len(row), len(t.names)) {
		cell := strings.TrimSpace(row[i])
		if cell == "" {
			continue
		}
		fmt.Fprintf(&all, "%s: %s\n", t.names[i], cell)
		switch {
		case i == t.textColumn:
			d.Text = cell
		case i == t.titleColumn:
			d.Title = cell
		case t.words[i]:
			d.Metadata[t.names[i]] = tidy(cell)
		default:
			d.Metadata[t.names[i]], _ = number(cell)
		}
	}
	if t.textColumn < 0 {
		d.Text = strings.TrimSuffix(all.String(), "\n")
	}
	return d
}
