package extract

import (
	"encoding/xml"
	"errors"
	"fmt"
	"path"
	"strings"
)

// readPPTX reads a presentation (ECMA-376, part 1, chapter 19): slide by slide, with
// the speaker's notes, then comments.
func readPPTX(in *input) error {
	a, err := openArchive(in)
	if err != nil {
		return err
	}
	slides, err := a.related("ppt/presentation.xml", "sldId")
	if err != nil {
		return err
	}
	l := layout{limit: in.options.MaxText}
	d := Document{}
	for _, slide := range slides {
		err := a.layOutSlide(slide, &l)
		if errors.Is(err, errNoEntry) {
			d.Missing = append(d.Missing, fmt.Sprintf("slide %.200q: is not in the file", slide))
			continue
		}
		if err != nil {
			return err
		}
		links, err := a.links(slide)
		if err != nil {
			return err
		}
		for _, link := range links {
			if link.kind == "notesSlide" {
				if err := a.layOutSlide(link.entry, &l); err != nil && !errors.Is(err, errNoEntry) {
					return err
				}
			}
		}
	}
	for _, comments := range a.within("ppt/comments", "comment", "modernComment_") {
		if err := a.layOutSlide(comments, &l); err != nil {
			return err
		}
	}
	d.Text = l.out.String()
	if d.Title, d.Metadata, err = a.properties("docProps/core.xml"); err != nil {
		return err
	}
	if d.Metadata["slides"] = len(slides); strings.TrimSpace(d.Title) == "" {
		d.Title = l.title
	}
	in.emit(d)
	return nil
}

// link is a relationship of an entry.
type link struct{ id, kind, entry string }

// links returns the relationships of an entry (ECMA-376, part 2, 9.3).
func (a *archive) links(name string) ([]link, error) {
	var all []link
	err := a.elements(path.Join(path.Dir(name), "_rels", path.Base(name)+".rels"), func(e xml.StartElement, _ []string) {
		if e.Name.Local != "Relationship" || strings.EqualFold(attribute(e, "TargetMode"), "External") {
			return
		}
		target := attribute(e, "Target")
		if !strings.HasPrefix(target, "/") {
			target = path.Join(path.Dir(name), target)
		}
		all = append(all, link{attribute(e, "Id"), path.Base(attribute(e, "Type")), strings.TrimPrefix(target, "/")})
	}, ignoreText)
	if errors.Is(err, errNoEntry) {
		err = nil
	}
	return all, err
}

// related returns the entries that elements of an entry name by their relationship's
// id, in order.
func (a *archive) related(name, element string) ([]string, error) {
	links, err := a.links(name)
	if err != nil {
		return nil, err
	}
	var entries []string
	err = a.elements(name, func(e xml.StartElement, _ []string) {
		if e.Name.Local != element {
			return
		}
		for _, at := range e.Attr {
			for _, l := range links {
				if at.Name.Local == "id" && at.Value == l.id && len(entries) < maxEntries {
					entries = append(entries, l.entry)
				}
			}
		}
	}, ignoreText)
	return entries, err
}

// layOutSlide writes the text of an entry in DrawingML.
func (a *archive) layOutSlide(name string, l *layout) error {
	l.paragraph()
	return a.layOut(name, map[string]bool{"Fallback": true}, l, &slide{layout: l})
}

// slide follows the elements of a slide, its notes or comments.
type slide struct {
	*layout
	inText  bool // in an element with text
	heading bool // in the shape of a title
	inCell  bool
}

func (w *slide) start(e xml.StartElement) {
	switch e.Name.Local {
	case "sp":
		w.heading = false
	case "ph":
		w.heading = attribute(e, "type") == "title" || attribute(e, "type") == "ctrTitle"
	case "cNvPr":
		if alt := attribute(e, "descr"); alt != "" {
			w.paragraph()
			w.words(alt)
		}
	case "p":
		switch {
		case w.inCell:
			w.words(" ")
		case w.heading:
			w.beginHeading(2)
		default:
			w.line()
		}
	case "t", "text":
		w.inText = true
	case "br":
		w.line()
	case "tbl":
		w.paragraph()
	case "tr":
		w.row()
	case "tc":
		w.cell()
		w.inCell = true
	}
}

func (w *slide) end(name string) {
	switch name {
	case "t", "text":
		w.inText = false
	case "p":
		if w.heading {
			w.endHeading()
		}
	case "tc":
		w.inCell = false
	case "sp", "tbl":
		w.row()
		w.paragraph()
	}
}

func (w *slide) text(s string) {
	if w.inText {
		w.words(s)
	}
}
