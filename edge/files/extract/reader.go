package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
)

// A Reader reads a kind of file that this package leaves to others, because it
// takes a library that not every program wants to carry. Options.Readers hands it
// over; package formats has all that there are.
type Reader struct {
	// Format is the name that Document.Format has.
	Format string
	// Endings are those of the names of such files, in small letters, ".pdf".
	Endings []string
	// Begins tells such files by their first bytes.
	Begins func(head []byte) bool
	// Headings is what Document.Headings has.
	Headings bool
	// Start, if it isn't nil, makes ready what Read needs. What it takes isn't
	// counted to the time of the file.
	Start func(context.Context) error
	// Patience is how many times Options.Time a file may take; 0 counts as 1.
	Patience int
	// Read gives the documents of a file to Input.Emit. It stays within
	// Input.Options and ends soon after ctx.
	Read func(ctx context.Context, in *Input) error
}

// Input is a file that a [Reader] reads.
type Input struct{ in *input }

// ReadAt reads bytes of the file.
func (i *Input) ReadAt(p []byte, at int64) (int, error) { return i.in.r.ReadAt(p, at) }

// Size is how many bytes the file has.
func (i *Input) Size() int64 { return i.in.size }

// Name is the file's name, of which only the ending counts.
func (i *Input) Name() string { return i.in.name }

// Options are the bounds of the file, defaults filled in.
func (i *Input) Options() Options { return i.in.options }

// Emit takes a document. It returns false if no more are wanted.
func (i *Input) Emit(d Document) bool { return i.in.emit(d) }

// Bad takes the error of a record, which d.Part names. It returns false if no more
// are wanted.
func (i *Input) Bad(d Document, err error) bool { return i.in.bad(d, err) }

const maxNested = 4 // files in files

var errNested = fmt.Errorf("is nested more than %d files deep", maxNested)

// Inner reads a file that is in this one, as Extract does, with the same readers
// and bounds.
func (i *Input) Inner(name string, data []byte) iter.Seq2[Document, error] {
	return i.in.inner(name, strings.NewReader(string(data)), int64(len(data)))
}

func (in *input) inner(name string, r io.ReaderAt, size int64) iter.Seq2[Document, error] {
	o := in.options
	o.Format = ""
	if o.nested++; o.nested > maxNested {
		return func(yield func(Document, error) bool) {
			yield(Document{}, fmt.Errorf("extract: %s: %w", name, errNested))
		}
	}
	return Extract(in.ctx, name, r, size, o)
}

// format makes one of the formats of a Reader.
func (r Reader) format() *format {
	return &format{
		name: r.Format, headings: r.Headings, endings: r.Endings, begins: r.Begins, start: r.Start, patience: r.Patience,
		read: func(in *input) error { return r.Read(in.ctx, &Input{in}) },
	}
}

// formats are all kinds of files that are read with these options; those of
// Readers come first.
func (o Options) formats() []*format {
	if len(o.Readers) == 0 {
		return ownFormats()
	}
	var all []*format
	for _, r := range o.Readers {
		all = append(all, r.format())
	}
	return append(all, slices.DeleteFunc(ownFormats(), func(f *format) bool {
		return slices.ContainsFunc(o.Readers, func(r Reader) bool { return r.Format == f.name })
	})...)
}

// names lists the values that Document.Format has with these options.
func (o Options) names() []string {
	var names []string
	for _, f := range o.formats() {
		names = append(names, f.name)
	}
	return names
}

var errNoPDF = errors.New("is a PDF, which this program was built without a reader for")

// missingPDF stands for the reader of PDF where there is none, so that such files
// are named and never taken for text.
func missingPDF(*input) error { return errNoPDF }
