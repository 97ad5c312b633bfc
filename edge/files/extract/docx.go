package extract

import (
	"encoding/xml"
	"errors"
	"path"
	"strconv"
	"strings"
)

// readDOCX reads an Office Open XML document (ECMA-376, part 1, chapter 17): its
// body, then its notes.
func readDOCX(in *input) error {
	a, err := openArchive(in)
	if err != nil {
		return err
	}
	body, err := a.mainPart()
	if err != nil {
		return err
	}
	folder := path.Dir(body)
	styles, err := a.headingStyles(path.Join(folder, "styles.xml"))
	if err != nil {
		return err
	}
	l := layout{limit: in.options.MaxText}
	if err := a.layOutWord(body, styles, &l); err != nil {
		return err
	}
	for _, notes := range []string{"footnotes.xml", "endnotes.xml"} {
		if err := a.layOutWord(path.Join(folder, notes), styles, &l); err != nil && !errors.Is(err, errNoEntry) {
			return err
		}
	}
	for _, part := range a.within(folder, "comments", "header", "footer") {
		if err := a.layOutWord(part, styles, &l); err != nil {
			return err
		}
	}
	d := Document{Text: l.out.String()}
	if d.Title, d.Metadata, err = a.properties("docProps/core.xml"); err != nil {
		return err
	}
	if strings.TrimSpace(d.Title) == "" {
		d.Title = l.title
	}
	in.emit(d)
	return nil
}

// mainPart returns the entry with the document's body.
func (a *archive) mainPart() (string, error) {
	part := "word/document.xml"
	err := a.elements("_rels/.rels", func(e xml.StartElement, _ []string) {
		if e.Name.Local == "Relationship" && strings.HasSuffix(attribute(e, "Type"), "/officeDocument") {
			part = strings.TrimPrefix(attribute(e, "Target"), "/")
		}
	}, ignoreText)
	if errors.Is(err, errNoEntry) {
		err = nil
	}
	return part, err
}

func ignoreText(string, []string) {}

// headingStyles returns the levels of the styles for headings, by id.
func (a *archive) headingStyles(name string) (map[string]int, error) {
	levels := map[string]int{}
	based := map[string]string{} // style -> the one that it is based on
	id := ""
	err := a.elements(name, func(e xml.StartElement, around []string) {
		value := attribute(e, "val")
		switch e.Name.Local {
		case "style":
			id = attribute(e, "styleId")
		case "basedOn":
			based[id] = value
		case "name":
			value = strings.ToLower(value)
			if n, err := strconv.Atoi(strings.TrimPrefix(value, "heading ")); err == nil && n > 0 {
				levels[id] = n
			} else if value == "title" {
				levels[id] = 1
			}
		case "outlineLvl":
			if n, err := strconv.Atoi(value); err == nil && n >= 0 && n < 9 && levels[id] == 0 {
				levels[id] = n + 1
			}
		}
	}, ignoreText)
	if errors.Is(err, errNoEntry) {
		return levels, nil
	}
	const generations = 10
	for id := range based {
		for from, n := id, 0; n < generations && levels[id] == 0 && from != ""; n++ {
			from = based[from]
			levels[id] = levels[from]
		}
	}
	return levels, err
}

// layOutWord writes the text of an entry in WordprocessingML.
func (a *archive) layOutWord(name string, styles map[string]int, l *layout) error {
	return a.layOut(name, notShown, l, &word{layout: l, styles: styles})
}

// notShown are elements whose text isn't the document's: Fallback says again, for old
// programs, what stands before; moveFrom has what now stands elsewhere.
var notShown = map[string]bool{"Fallback": true, "moveFrom": true, "del": true, "rPrChange": true, "pPrChange": true}

// word follows the elements of a document.
type word struct {
	*layout
	styles map[string]int
	inText bool // in an element with text
	tables int  // in each other; a row is one line
	// Of the paragraph, from its properties.
	level  int
	inList bool
}

func (w *word) start(e xml.StartElement) {
	value := attribute(e, "val")
	switch e.Name.Local {
	case "p":
		w.level, w.inList = 0, false
		if w.tables > 0 {
			w.words(" ")
		} else {
			w.paragraph()
		}
	case "pStyle":
		w.level = w.styles[value]
	case "outlineLvl":
		if n, err := strconv.Atoi(value); err == nil && n >= 0 && n < 9 {
			w.level = n + 1
		}
	case "numPr":
		w.inList = true
	case "t":
		w.inText = true
	case "tab":
		w.words(" ")
	case "noBreakHyphen":
		w.words("-")
	case "br", "cr":
		w.line()
	case "tbl":
		w.paragraph()
		w.tables++
	case "tr":
		w.row()
	case "tc":
		w.cell()
	}
}

func (w *word) end(name string) {
	switch name {
	case "pPr":
		switch {
		case w.tables > 0:
		case w.level > 0:
			w.beginHeading(w.level)
		case w.inList:
			w.item()
		}
	case "t":
		w.inText = false
	case "p":
		if w.tables == 0 {
			w.endHeading()
		}
	case "tbl":
		w.tables = max(w.tables-1, 0)
		w.row()
		w.paragraph()
	}
}

func (w *word) text(s string) {
	if w.inText {
		w.words(s)
	}
}

// properties returns what a document says of itself, with the elements of Dublin Core, in
// an entry.
func (a *archive) properties(name string) (heading string, metadata map[string]any, err error) {
	metadata = map[string]any{}
	err = a.elements(name, func(xml.StartElement, []string) {}, func(s string, around []string) {
		if len(around) == 0 || strings.TrimSpace(s) == "" {
			return
		}
		switch around[len(around)-1] {
		case "title":
			heading += cut(s, maxTitle)
		case "creator", "initial-creator":
			metadata["author"] = title(s)
		case "subject", "description", "created", "modified":
			metadata[around[len(around)-1]] = title(s)
		case "keywords", "keyword":
			metadata["keywords"] = list(title(s))
		}
	})
	if errors.Is(err, errNoEntry) {
		err = nil
	}
	return heading, metadata, err
}
