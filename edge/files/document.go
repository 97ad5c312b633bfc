package files

import (
	"fmt"
	"strings"

	"github.com/toller-search/toller/edge/files/extract"
)

// A Document is one text and where it came from.
type Document struct {
	Name  string // a record's id; otherwise the path, with :line for a record
	Path  string // "-" for standard input
	Line  int    // line or row of a record in its file, counted from 1; 0 where the file is one document
	ID    string // of a record, may be empty
	Title string // may be empty; Text begins with it
	Text  string // valid UTF-8
	// Headings tells that lines of Text that begin with # are headings, except in fenced
	// code, as in Markdown.
	Headings bool
	// Start is where the document's own text begins in Text: behind its title, if that was
	// put before it.
	Start int
}

// newDocument puts a title before the text, as it is encoded for an index, unless
// the text begins with it.
func newDocument(path string, d extract.Document) Document {
	out := Document{Name: path, Path: path, Line: d.Record, ID: d.ID, Title: d.Title, Text: d.Text, Headings: d.Headings}
	switch {
	case d.ID != "":
		out.Name = d.ID
	case d.Record > 0:
		out.Name = fmt.Sprintf("%s:%d", path, d.Record)
	}
	if d.Title != "" && !strings.HasPrefix(strings.TrimLeft(d.Text, "# "), d.Title) {
		out.Text = d.Title + " " + d.Text
		out.Start = len(out.Text) - len(d.Text)
	}
	return out
}
