package extract

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"golang.org/x/net/html/charset"
)

const (
	maxDirectory = 4 << 20   // bytes of an archive's directory: some 40,000 entries
	maxEntries   = 10_000    // of an archive
	maxUnpacked  = 256 << 20 // bytes of what is read of an archive
	maxRatio     = 200       // an entry may unpack to so many times its size,
	ratioFrom    = 1 << 20   // beyond this many bytes
	maxWhole     = 16 << 20  // bytes of an entry that is not read piece by piece
	maxDepth     = 1000      // of elements of XML in each other
	maxToken     = 4 << 20   // bytes of a tag or of the text between two tags
)

// archive reads entries of a ZIP file. What they say of their sizes is not
// believed.
type archive struct {
	ctx     context.Context
	entries map[string]*zip.File
	folded  map[string]*zip.File // by name in small letters
	room    int64                // bytes that may still be unpacked
}

func openArchive(in *input) (*archive, error) {
	directory := &limitedReaderAt{r: in.r, room: maxDirectory}
	r, err := zip.NewReader(directory, in.size)
	switch {
	case directory.room < 0:
		return nil, errManyEntries
	case err != nil:
		return nil, err
	case len(r.File) > maxEntries:
		return nil, errManyEntries
	}
	directory.room = in.size + maxUnpacked // from now on the sizes of entries count
	a := &archive{in.ctx, make(map[string]*zip.File, len(r.File)), make(map[string]*zip.File, len(r.File)), maxUnpacked}
	for _, f := range r.File {
		name := strings.TrimPrefix(path.Clean(strings.ReplaceAll(f.Name, `\`, "/")), "/")
		if _, ok := a.entries[name]; !ok {
			a.entries[name] = f
			a.folded[strings.ToLower(name)] = f
		}
	}
	return a, nil
}

var errManyEntries = fmt.Errorf("has more than %d entries", maxEntries)

// limitedReaderAt lets only so many bytes be read.
type limitedReaderAt struct {
	r    io.ReaderAt
	room int64
}

func (l *limitedReaderAt) ReadAt(p []byte, at int64) (int, error) {
	if l.room -= int64(len(p)); l.room < 0 {
		return 0, errors.New("reads too much")
	}
	return l.r.ReadAt(p, at)
}

var errNoEntry = errors.New("is missing")

// open returns the contents of an entry; errNoEntry is wrapped if there is none.
func (a *archive) open(name string) (io.Reader, error) {
	name = strings.TrimPrefix(path.Clean(name), "/")
	f := a.entries[name]
	if f == nil { // made where case doesn't matter
		f = a.folded[strings.ToLower(name)]
	}
	if f == nil {
		return nil, fmt.Errorf("entry %.200q %w", name, errNoEntry)
	}
	if f.Flags&1 != 0 {
		return nil, Refuse(ErrEncrypted, "entry %.200q is encrypted", name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("entry %.200q: %w", name, err)
	}
	return &entry{archive: a, name: name, r: r, packed: int64(f.CompressedSize64)}, nil
}

// read returns all of an entry.
func (a *archive) read(name string) ([]byte, error) {
	r, err := a.open(name)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(r, maxWhole+1))
	if len(data) > maxWhole {
		return nil, Refuse(ErrTooLarge, "entry %.200q has more than %d bytes", name, maxWhole)
	}
	return data, err
}

// entry unpacks an entry within bounds.
type entry struct {
	*archive
	name   string
	r      io.Reader
	packed int64
	got    int64
}

func (e *entry) Read(p []byte) (int, error) {
	if err := e.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := e.r.Read(p)
	e.got += int64(n)
	e.room -= int64(n)
	switch {
	case e.room < 0:
		return 0, Refuse(ErrTooLarge, "unpacks to more than %d bytes", maxUnpacked)
	case e.got > ratioFrom && e.got/maxRatio > e.packed:
		return 0, Refuse(ErrTooLarge, "entry %.200q unpacks to more than %d times its size", e.name, maxRatio)
	case err != nil && err != io.EOF:
		err = fmt.Errorf("entry %.200q: %w", e.name, err)
	}
	return n, err
}

// xmlReader reads elements and text, neither nested nor long without end.
// Entities that a document declares are not replaced: encoding/xml doesn't know
// them.
type xmlReader struct {
	*xml.Decoder
	in    tokenReader
	depth int
}

// tokenReader lets so many bytes be read for a token.
type tokenReader struct {
	io.Reader
	room int
}

func (r *tokenReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if r.room -= n; r.room < 0 {
		return 0, fmt.Errorf("has a tag, or a text between tags, of more than %d bytes", maxToken)
	}
	return n, err
}

func newXMLReader(r io.Reader) *xmlReader {
	x := &xmlReader{in: tokenReader{Reader: r}}
	x.Decoder = xml.NewDecoder(&x.in)
	x.Strict = false
	x.Entity = xml.HTMLEntity
	x.CharsetReader = charset.NewReaderLabel
	return x
}

// next returns the next element or text; it is valid until the next call.
func (x *xmlReader) next() (xml.Token, error) {
	for {
		x.in.room = maxToken
		t, err := x.Token()
		if err != nil {
			return nil, err
		}
		switch t.(type) {
		case xml.StartElement:
			if x.depth++; x.depth > maxDepth {
				return nil, fmt.Errorf("has XML nested more than %d deep", maxDepth)
			}
		case xml.EndElement:
			x.depth--
		case xml.CharData:
		default:
			continue
		}
		return t, nil
	}
}

// elements calls start for each element of an entry and text for what lies
// between, both with the names of the elements around, the element itself last.
func (a *archive) elements(name string, start func(e xml.StartElement, around []string), text func(s string, around []string)) error {
	data, err := a.read(name)
	if err != nil {
		return err
	}
	x := newXMLReader(bytes.NewReader(data))
	var around []string
	for {
		t, err := x.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("entry %.200q: %w", name, err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			around = append(around, t.Name.Local)
			start(t, around)
		case xml.EndElement:
			around = around[:max(len(around)-1, 0)]
		case xml.CharData:
			text(string(t), around)
		}
	}
}

// markup follows the elements of an entry and writes their text.
type markup interface {
	start(e xml.StartElement)
	end(name string)
	text(s string)
}

// layOut gives the elements and texts of an entry to m, which writes them to l, but for
// the elements that are not shown, with all that is in them.
func (a *archive) layOut(name string, notShown map[string]bool, l *layout, m markup) error {
	r, err := a.open(name)
	if err != nil {
		return err
	}
	x := newXMLReader(r)
	skipped := 0 // depth of the element that is passed over, 0 for none
	for l.err == nil {
		t, err := x.next()
		switch {
		case err == io.EOF:
			l.endHeading()
			return l.err
		case err != nil:
			return fmt.Errorf("entry %.200q: %w", name, err)
		case skipped > 0:
			if x.depth < skipped {
				skipped = 0
			}
			continue
		}
		switch t := t.(type) {
		case xml.StartElement:
			if notShown[t.Name.Local] {
				skipped = x.depth
				continue
			}
			m.start(t)
		case xml.EndElement:
			m.end(t.Name.Local)
		case xml.CharData:
			m.text(string(t))
		}
	}
	return l.err
}

// attribute returns the value of an element's attribute, empty without one.
func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// within returns the entries of a folder whose names begin so and end in .xml, in
// the order of beginnings, then of their numbers.
func (a *archive) within(folder string, beginnings ...string) []string {
	var all []string
	for _, beginning := range beginnings {
		var found []string
		for name := range a.entries {
			base := path.Base(name)
			number, ok := strings.CutPrefix(strings.TrimSuffix(base, ".xml"), beginning)
			if ok && path.Dir(name) == folder && strings.HasSuffix(base, ".xml") && strings.Trim(number, "0123456789") == "" {
				found = append(found, name)
			}
		}
		slices.SortFunc(found, func(x, y string) int { return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)) })
		all = append(all, found...)
	}
	return all
}
