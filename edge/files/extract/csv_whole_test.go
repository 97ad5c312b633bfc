package extract

import (
	"context"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/net/html/charset"
)

// readWhole reads a table that is held in memory as a whole, with encoding/csv: what
// readCSV makes of one by its rows is the same.
func readWhole(in *input) error {
	text, err := in.text()
	if err != nil {
		return err
	}
	text = tidy(text) // rows may end with \r alone
	mark, said := separator(cut(text, maxHeader))
	first := 1
	if said {
		_, text, _ = strings.Cut(text, "\n")
		first = 2
	}
	text, open := closeQuotes(text, mark)
	if len(open) > maxOpen {
		return fmt.Errorf("has more than %d quotes that are never closed", maxOpen)
	}
	if len(open) > 0 {
		in.missing = append(in.missing, fmt.Sprintf("a quote in line %d is never closed, and was left out", first-1+open[0]))
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = rune(mark)
	r.LazyQuotes, r.FieldsPerRecord = true, -1
	rows, err := r.ReadAll()
	if err != nil {
		return err
	}
	c := columns{textField: in.options.TextField, textColumn: -1, titleColumn: -1}
	for n, row := range rows {
		switch {
		case len(row) > maxColumns:
			line, _ := r.FieldPos(0)
			return fmt.Errorf("line %d has more than %d columns", line, maxColumns)
		case n == 0:
			c.header(row)
		default:
			c.look(row)
		}
	}
	for n, row := range rows {
		if n > 0 && !blank(row) && !in.emit(c.document(n+1, row)) {
			break
		}
	}
	return nil
}

// closeQuotes takes quotes off that begin a cell and have no end, with which all the
// rest of the file would be one cell. It returns the lines where they stood.
func closeQuotes(text string, mark byte) (closed string, lines []int) {
	line := 1
	start := true // of a cell
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' && start:
			end := endOfCell(text, i+1, mark)
			if end < 0 {
				lines = append(lines, line)
				text = text[:i] + text[i+1:]
				i--
				continue // with what follows as the start
			}
			line += strings.Count(text[i:end], "\n")
			i = end - 1
		case c == '\n':
			line++
		}
		start = text[i] == mark || text[i] == '\n'
	}
	return text, lines
}

// endOfCell returns where a cell in quotes ends that begins before start: behind
// its last quote. It is -1 where there is none.
func endOfCell(text string, start int, mark byte) int {
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

// wholeCSV has readWhole in place of readCSV.
var wholeCSV = Options{Readers: []Reader{{Format: "csv", Endings: []string{".csv"}, Read: func(_ context.Context, in *Input) error { return readWhole(in.in) }}}}

// mostlyUTF8 has more well-formed characters at its beginning than it has bytes that are
// none: nothing is guessed about it, which for noise may come out in more ways than one.
func mostlyUTF8(table string) []byte {
	if _, bad := countUTF8(table); bad > 0 {
		table = strings.Repeat("é", bad+1) + table
	}
	return []byte(table)
}

// bothCSV reads a table by its rows and as a whole, and reports where they differ.
func bothCSV(t testing.TB, data []byte) {
	t.Helper()
	want, wantErrs := read(t, "a.csv", data, wholeCSV)
	got, errs := read(t, "a.csv", data, Options{})
	if fmt.Sprint(errs) != fmt.Sprint(wantErrs) {
		t.Fatalf("%.500q: errors %v, want %v", data, errs, wantErrs)
	}
	if len(got) != len(want) {
		t.Fatalf("%.500q: %d documents, want %d:\n%+.500v\n%+.500v", data, len(got), len(want), got, want)
	}
	for i := range got {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Fatalf("%.500q: document %d is\n%+v, want\n%+v", data, i, got[i], want[i])
		}
	}
}

// TestCSVByRows has tables of few characters, those that matter, and many of them.
func TestCSVByRows(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	pieces := strings.Split("a|b|1|é|\"|\"|\"|\"\"|,|,|,|;|\n|\n|\r\n|\r|\x00|\xff|\uFFFD| |text,title\n|sep=;\n|\uFEFF|\x1b$", "|")
	for range fewer(20_000) {
		var b strings.Builder
		if r.IntN(2) == 0 {
			b.WriteString("text,b\n")
		}
		for range r.IntN(40) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		bothCSV(t, mostlyUTF8(b.String()))
	}
	// Parts of a file that is read piece by piece meet everywhere.
	for range fewer(24) {
		var b strings.Builder
		for size := 60<<10 + r.IntN(80<<10); b.Len() < size; {
			if piece := pieces[r.IntN(len(pieces))]; piece != "\"" || r.IntN(50) == 0 {
				b.WriteString(piece)
			}
		}
		bothCSV(t, mostlyUTF8(b.String()))
	}
}

// TestCSVEncodings has tables in encodings that show early, late, or not for sure.
func TestCSVEncodings(t *testing.T) {
	for _, c := range []struct{ text, charsets string }{
		{"Die Hafenbehörde prüft die Gebühren für größere Schiffe.", "windows-1252 utf-8 utf-16le utf-16be"},
		{"Příliš žluťoučký kůň úpěl ďábelské ódy. Přístavní jeřáb zvedl před soumrakem.", "windows-1250 iso-8859-2"},
		{"Портовый кран поднял сорок контейнеров до наступления сумерек.", "windows-1251 koi8-r"},
		{"港口起重机在黄昏前吊起了四十个集装箱。", "gb18030 utf-8"},
		{"港のクレーンは夕暮れ前に四十個のコンテナを持ち上げた。表示能力", "shift_jis euc-jp iso-2022-jp"},
	} {
		for name := range strings.FieldsSeq(c.charsets) {
			e, _ := charset.Lookup(name)
			befores := []int{0, 1, 20}
			if name == "shift_jis" && fewer(2) == 2 {
				befores = append(befores, 1<<20/40-2, 1<<20/40-1) // another part of the file
			}
			for _, before := range befores {
				var rows strings.Builder
				rows.WriteString("n,text\n")
				for i := range before {
					fmt.Fprintf(&rows, "%d,%037d\n", i%10, i)
				}
				for i := range 3 {
					fmt.Fprintf(&rows, "%d,\"%s\n\"\n", i, c.text)
				}
				raw, err := e.NewEncoder().String(rows.String())
				if err != nil {
					t.Fatal(name, err)
				}
				documents, errs := read(t, "a.csv", []byte(raw), Options{})
				if len(errs) > 0 || len(documents) != before+3 || before < 1000 && (documents[before].Text != c.text || len(documents[0].Missing) > 0) {
					t.Errorf("%s after %d: %d documents, errors %v", name, before, len(documents), errs)
				}
				for _, bad := range []string{"", "1,\xff\xfe\n", "1,\xe9\xff\n1,\x81\xc3\n", "1,é" + strings.Repeat("\xc3", 20) + "\n"} {
					bothCSV(t, []byte(raw+bad))
				}
			}
		}
	}
	bothCSV(t, []byte(`<?xml version="1.0" encoding="koi8-r"?>,text`+"\n1,\xf0\xcf\xd2\xd4\n"))
}

// TestCSVSamples reads every sample of a table both ways.
func TestCSVSamples(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(samples, "csv/*"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range append(names, filepath.Join(library, "birds.csv")) {
		bothCSV(t, must(os.ReadFile(name)))
	}
}

func FuzzExtractCSV(f *testing.F) {
	f.Add([]byte("a,b\n\"x\ny\",\"\"\"\n\"z,1\n"))
	f.Add([]byte("sep=;\r\"\"\"\"\";\xff\r"))
	f.Fuzz(func(t *testing.T, data []byte) {
		bothCSV(t, mostlyUTF8(string(data)))
	})
}
