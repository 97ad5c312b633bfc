package extract

import (
	"encoding/xml"
	"errors"
	"strconv"
	"strings"
)

// readODF reads a text, a table or a presentation in OpenDocument (ISO/IEC 26300): its
// contents, then headers and footers.
func readODF(in *input) error {
	a, err := openArchive(in)
	if err != nil {
		return err
	}
	locked := false
	err = a.elements("META-INF/manifest.xml", func(e xml.StartElement, _ []string) {
		locked = locked || e.Name.Local == "encryption-data"
	}, ignoreText)
	switch {
	case err != nil && !errors.Is(err, errNoEntry):
		return err
	case locked:
		return Refuse(ErrEncrypted, "is encrypted with a password")
	}
	l := layout{limit: in.options.MaxText}
	if err := a.layOutODF("content.xml", "body", &l); err != nil {
		return err
	}
	if err := a.layOutODF("styles.xml", "master-styles", &l); err != nil && !errors.Is(err, errNoEntry) {
		return err
	}
	d := Document{Text: l.out.String()}
	if d.Title, d.Metadata, err = a.properties("meta.xml"); err != nil {
		return err
	}
	if strings.TrimSpace(d.Title) == "" {
		d.Title = l.title
	}
	in.emit(d)
	return nil
}

// odfNotShown are elements whose text is not the document's.
var odfNotShown = map[string]bool{"tracked-changes": true, "note-citation": true, "sequence-decls": true, "forms": true, "event-listeners": true, "creator": true, "date": true}

// layOutODF writes the text of the element root of an entry.
func (a *archive) layOutODF(name, root string, l *layout) error {
	return a.layOut(name, odfNotShown, l, &odf{layout: l, root: root})
}

// odf follows the elements of a document.
type odf struct {
	*layout
	root       string // nothing is written outside this element
	inside     int    // how deep in it, 0: outside
	paragraphs int    // in each other: notes are within them
	cells      int    // in each other; a row is one line
	inItem     bool
}

func (w *odf) start(e xml.StartElement) {
	if w.inside == 0 {
		if e.Name.Local == w.root {
			w.inside = 1
		}
		return
	}
	w.inside++
	switch e.Name.Local {
	case "h":
		if w.paragraphs++; w.paragraphs == 1 && w.cells == 0 {
			level, err := strconv.Atoi(attribute(e, "outline-level"))
			if err != nil {
				level = 1
			}
			w.beginHeading(level)
		}
	case "p", "title", "desc": // of a picture, the last two
		w.paragraphs++
		switch {
		case w.paragraphs > 1 || w.cells > 0:
			w.words(" ")
		case w.inItem:
			w.item()
			w.inItem = false
		default:
			w.paragraph()
		}
	case "list-item":
		w.inItem = true
	case "note", "annotation":
		w.words(" ")
	case "s", "tab":
		w.words(" ")
	case "line-break":
		w.line()
	case "table", "page":
		w.paragraph()
	case "table-row":
		w.row()
	case "table-cell":
		w.cell()
		w.cells++
	}
}

func (w *odf) end(name string) {
	if w.inside == 0 {
		return
	}
	if w.inside--; w.inside == 0 {
		return
	}
	switch name {
	case "h":
		if w.paragraphs--; w.paragraphs == 0 && w.cells == 0 {
			w.endHeading()
		}
	case "p", "title", "desc":
		w.paragraphs--
	case "note", "annotation":
		w.words(" ")
	case "list-item":
		w.inItem = false
	case "table-cell":
		w.cells--
	case "table", "page":
		w.row()
		w.paragraph()
	}
}

func (w *odf) text(s string) {
	if w.inside > 0 && w.paragraphs > 0 {
		w.words(s)
	}
}
