package extract

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
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
	r, err := a.open(name)
	if err != nil {
		return err
	}
	l.paragraph()
	x := newXMLReader(r)
	skipped, text, heading, cell := 0, false, false, false
	for l.err == nil {
		t, err := x.next()
		switch {
		case err == io.EOF:
			l.endHeading()
			return l.err
		case err != nil:
			return fmt.Errorf("entry %.200q: %w", name, err)
		}
		if skipped > 0 {
			if x.depth < skipped {
				skipped = 0
			}
			continue
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "Fallback":
				skipped = x.depth
			case "sp":
				heading = false
			case "ph":
				heading = attribute(t, "type") == "title" || attribute(t, "type") == "ctrTitle"
			case "cNvPr":
				if alt := attribute(t, "descr"); alt != "" {
					l.paragraph()
					l.words(alt)
				}
			case "p":
				switch {
				case cell:
					l.words(" ")
				case heading:
					l.beginHeading(2)
				default:
					l.line()
				}
			case "t", "text":
				text = true
			case "br":
				l.line()
			case "tbl":
				l.paragraph()
			case "tr":
				l.row()
			case "tc":
				l.cell()
				cell = true
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "t", "text":
				text = false
			case "p":
				if heading {
					l.endHeading()
				}
			case "tc":
				cell = false
			case "sp", "tbl":
				l.row()
				l.paragraph()
			}
		case xml.CharData:
			if text {
				l.words(string(t))
			}
		}
	}
	return l.err
}
