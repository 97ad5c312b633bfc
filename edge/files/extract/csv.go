package extract

import (
	"context"
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
	text = tidy(text) // rows may end with \r alone
	text, mark := separator(text)
	text, open, err := closeQuotes(in.ctx, text, mark)
	if err != nil {
		return err
	}
	if len(open) > 0 {
		in.missing = append(in.missing, fmt.Sprintf("a quote in line %d is never closed, and was left out", open[0]))
	}
	if err := checkColumns(text, mark); err != nil {
		return err
	}
	t := table{textField: in.options.TextField, textColumn: -1, titleColumn: -1}
	err = in.rows(text, mark, func(n int, row []string, err error) bool {
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
	return in.rows(text, mark, func(n int, row []string, err error) bool {
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
func (in *input) rows(text string, mark byte, f func(n int, row []string, err error) bool) error {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = rune(mark)
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

// separator tells what stands between cells: what the first line says, as in "sep=;",
// which it is then taken off, or the one of , ; | and tab that the first row has most
// of outside quotes.
func separator(text string) (rest string, mark byte) {
	line, rest, _ := strings.Cut(text, "\n")
	if said, ok := strings.CutPrefix(strings.ToLower(line), "sep="); ok && len(said) == 1 && strings.ContainsAny(said, ",;|\t") {
		return rest, said[0]
	}
	var counts [256]int
	quoted := false
	for i := range min(len(text), maxHeader) {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\n':
			return text, most(counts)
		default:
			counts[c]++
		}
	}
	return text, most(counts)
}

const maxHeader = 1 << 20 // bytes of the first row that tell the separator

func most(counts [256]int) byte {
	best := byte(',')
	for _, c := range []byte(";\t|") {
		if counts[c] > counts[best] {
			best = c
		}
	}
	return best
}

const maxOpen = 100 // quotes of a file that are never closed

// closeQuotes takes quotes off that begin a cell and have no end, with which all the
// rest of the file would be one cell. It returns the lines where they stood.
func closeQuotes(ctx context.Context, text string, mark byte) (closed string, lines []int, err error) {
	line := 1
	start := true // of a cell
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' && start:
			end := endOfQuotes(text, i+1, mark)
			if end < 0 {
				if lines = append(lines, line); len(lines) > maxOpen {
					return "", nil, fmt.Errorf("has more than %d quotes that are never closed", maxOpen)
				}
				text = text[:i] + text[i+1:]
				i--
				break
			}
			line += strings.Count(text[i:end], "\n")
			i = end - 1
		case c == '\n':
			line++
			if line%1024 == 0 && ctx.Err() != nil {
				return "", nil, ctx.Err()
			}
		}
		start = i >= 0 && (text[i] == mark || text[i] == '\n')
	}
	return text, lines, nil
}

// endOfQuotes returns where a cell in quotes ends that begins before start: behind
// its last quote. It is -1 where there is none.
func endOfQuotes(text string, start int, mark byte) int {
	for i := start; ; {
		n := strings.IndexByte(text[i:], '"')
		if n < 0 {
			return -1
		}
		i += n + 1
		switch {
		case i == len(text) || text[i] == mark || text[i] == '\n':
			return i
		case text[i] == '"':
			i++
		}
	}
}

const maxColumns = 10_000

// checkColumns refuses rows that would take the reader of CSV much more memory
// than they have bytes.
func checkColumns(text string, mark byte) error {
	n := 0
	for line := range strings.Lines(text) {
		if n++; strings.Count(line, string(rune(mark))) >= maxColumns {
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

// document makes one of row n. Cells beyond the header's are named by their place.
func (t *table) document(n int, row []string) Document {
	d := Document{Part: fmt.Sprintf("row %d", n), Record: n, Metadata: map[string]any{}}
	var all strings.Builder
	for i := range row {
		cell := strings.TrimSpace(row[i])
		if cell == "" {
			continue
		}
		if i >= len(t.names) {
			name := fmt.Sprintf("column %d", i+1)
			fmt.Fprintf(&all, "%s: %s\n", name, cell)
			d.Metadata[name] = tidy(cell)
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
