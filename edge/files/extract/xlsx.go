package extract

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// readXLSX reads a workbook (ECMA-376, part 1, chapter 18): sheet by sheet, a line for
// each row, then comments. Cells have their values, dates as 2026-11-28.
func readXLSX(in *input) error {
	a, err := openArchive(in)
	if err != nil {
		return err
	}
	const book = "xl/workbook.xml"
	w := workbook{archive: a, layout: &layout{limit: in.options.MaxText}, epoch: time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)}
	var names []string
	err = a.elements(book, func(e xml.StartElement, _ []string) {
		switch e.Name.Local {
		case "sheet":
			names = append(names, attribute(e, "name"))
		case "workbookPr":
			if on := attribute(e, "date1904"); on == "1" || on == "true" {
				w.epoch = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
			}
		}
	}, ignoreText)
	if err != nil {
		return err
	}
	sheets, err := a.related(book, "sheet")
	if err != nil {
		return err
	}
	if err := w.readStrings(); err != nil {
		return err
	}
	if err := w.readStyles(); err != nil {
		return err
	}
	d := Document{}
	for i, sheet := range sheets {
		if i < len(names) && len(sheets) == len(names) {
			w.beginHeading(2)
			w.words(names[i])
			w.endHeading()
		}
		err := w.sheet(sheet)
		if errors.Is(err, errNoEntry) {
			d.Missing = append(d.Missing, fmt.Sprintf("sheet %.200q: is not in the file", sheet))
			continue
		}
		if err != nil {
			return err
		}
	}
	for _, comments := range a.within("xl", "comments") {
		if err := a.layOutSlide(comments, w.layout); err != nil {
			return err
		}
	}
	d.Text = w.out.String()
	if d.Title, d.Metadata, err = a.properties("docProps/core.xml"); err != nil {
		return err
	}
	d.Metadata["sheets"] = len(sheets)
	in.emit(d)
	return nil
}

// workbook is what its sheets share.
type workbook struct {
	*archive
	*layout
	strings []string
	dates   []bool // of each cell style: its numbers are dates
	epoch   time.Time
}

// readStrings reads the texts that cells refer to by number.
func (w *workbook) readStrings() error {
	r, err := w.open("xl/sharedStrings.xml")
	if errors.Is(err, errNoEntry) {
		return nil
	}
	if err != nil {
		return err
	}
	x := newXMLReader(r)
	var text strings.Builder
	inText, phonetic := false, 0
	size := int64(0)
	for {
		t, err := x.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("entry \"xl/sharedStrings.xml\": %w", err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "rPh":
				phonetic++
			case "t":
				inText = phonetic == 0
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "rPh":
				phonetic--
			case "t":
				inText = false
			case "si":
				if size += int64(text.Len()) + 16; size > w.limit {
					return tooMuch(w.limit)
				}
				w.strings = append(w.strings, text.String())
				text.Reset()
			}
		case xml.CharData:
			if inText {
				text.Write(t)
			}
		}
	}
}

// readStyles finds out which styles of cells show numbers as dates.
func (w *workbook) readStyles() error {
	custom := map[string]bool{}
	err := w.elements("xl/styles.xml", func(e xml.StartElement, around []string) {
		id := attribute(e, "numFmtId")
		switch {
		case e.Name.Local == "numFmt":
			custom[id] = isDateFormat(attribute(e, "formatCode"))
		case e.Name.Local == "xf" && len(around) > 1 && around[len(around)-2] == "cellXfs":
			n, err := strconv.Atoi(id)
			w.dates = append(w.dates, custom[id] || err == nil && (14 <= n && n <= 22 || 45 <= n && n <= 47))
		}
	}, ignoreText)
	if errors.Is(err, errNoEntry) {
		err = nil
	}
	return err
}

// isDateFormat reports a format with parts of a date outside quotes and brackets.
func isDateFormat(code string) bool {
	quoted, bracket := false, false
	for i, c := range code {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted || i > 0 && code[i-1] == '\\':
		case c == '[':
			bracket = true
		case c == ']':
			bracket = false
		case !bracket && strings.ContainsRune("yYmMdDhHsS", c):
			return true
		}
	}
	return false
}

// sheet writes the cells of an entry.
func (w *workbook) sheet(name string) error {
	r, err := w.open(name)
	if err != nil {
		return err
	}
	x := newXMLReader(r)
	var value strings.Builder
	kind, style, inValue := "", "", false
	for w.err == nil {
		t, err := x.next()
		switch {
		case err == io.EOF:
			w.row()
			w.paragraph()
			return w.err
		case err != nil:
			return fmt.Errorf("entry %.200q: %w", name, err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "row":
				w.row()
			case "c":
				kind, style = attribute(t, "t"), attribute(t, "s")
				value.Reset()
			case "v", "t":
				inValue = true
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "v", "t":
				inValue = false
			case "c":
				if s := w.value(kind, style, value.String()); strings.TrimSpace(s) != "" {
					w.cell()
					w.words(s)
				}
			}
		case xml.CharData:
			if inValue {
				value.Write(t)
			}
		}
	}
	return w.err
}

// value is what a cell shows.
func (w *workbook) value(kind, style, s string) string {
	switch kind {
	case "s":
		if n, err := strconv.Atoi(strings.TrimSpace(s)); err == nil && 0 <= n && n < len(w.strings) {
			return w.strings[n]
		}
		return ""
	case "b":
		return map[string]string{"0": "FALSE", "1": "TRUE"}[strings.TrimSpace(s)]
	case "", "n":
		x, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		if err != nil {
			return s
		}
		if n, err := strconv.Atoi(style); err == nil && 0 <= n && n < len(w.dates) && w.dates[n] {
			return w.date(x)
		}
		if rounded, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 15, 64), 64); err == nil {
			x = rounded // as shown: 0.1+0.2 is 0.3
		}
		if math.Abs(x) < 1e15 {
			return strconv.FormatFloat(x, 'f', -1, 64) // not as 1e+06
		}
		return strconv.FormatFloat(x, 'g', -1, 64)
	}
	return s
}

// date writes a number of days as a date, a time of day, or both.
func (w *workbook) date(days float64) string {
	const most = 2958466 // the first day of the year 10000
	if days < 0 || days > most {
		return strconv.FormatFloat(days, 'f', -1, 64)
	}
	whole, part := math.Modf(days) // days alone: a Duration has no more than 292 years
	at := w.epoch.AddDate(0, 0, int(whole)).Add(time.Duration(math.Round(part*24*60*60)) * time.Second)
	switch {
	case days == math.Trunc(days):
		return at.Format(time.DateOnly)
	case days < 1:
		return at.Format(time.TimeOnly)
	}
	return at.Format(time.DateTime)
}
