package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"

	"github.com/toller-search/toller/edge/files/extract"
	"github.com/toller-search/toller/edge/files/walk"
)

const (
	maxFile  = 512 << 20 // bytes of a file of many documents
	maxTotal = 512 << 20 // bytes of all documents together, bookkeeping included
	// bookkeeping is how many bytes a document costs beside its text, about.
	bookkeeping = 160
	// manyRecords is how many unreadable records of one file are reported one by
	// one; the rest is counted.
	manyRecords = 5
	// manyMissing is how many parts that are missing from the documents of one file are
	// reported one by one.
	manyMissing = 20

	// Stdin is the path that stands for standard input.
	Stdin = "-"
)

// Options says what is read and who is told.
type Options struct {
	// List says which files of a folder are read.
	List walk.Options
	// Format is how files and streams are read, one of extract.Formats; empty: as
	// what they turn out to be.
	Format string
	// TextField is the field of a JSONL record and the column of a CSV row with
	// the text; "text".
	TextField string
	// Readers read the kinds of files that package extract leaves to others; package
	// formats has them.
	Readers []extract.Reader
	// Progress, if it isn't nil, is told how many documents there are so far.
	Progress func(documents int)
	// Unreadable, if it isn't nil, is told at once what can't be read.
	Unreadable func(Unreadable)
}

// A Collection is what was found under paths. What did not become a document is
// counted in one of the other fields.
type Collection struct {
	Documents  []Document
	Inputs     int // files and streams that were to be read, unreadable ones included
	BadInputs  int // of them, those of which nothing or not everything could be read
	BadRecords int // records that could not be read
	Unreadable []Unreadable
	Repaired   int // records with bytes that are no UTF-8, replaced by U+FFFD
	LeftOut    LeftOut
	// Unmatched are the patterns of Options.List that matched nothing in any folder.
	Unmatched []string
}

// LeftOut counts what was passed over.
type LeftOut struct {
	Hidden   int `json:"hidden"`             // files and folders whose names begin with a dot
	Ignored  int `json:"ignored,omitempty"`  // files and folders that .gitignore files name
	Excluded int `json:"excluded,omitempty"` // files and folders that patterns leave out
	Binary   int `json:"binary"`             // files of which no text can be made
	Empty    int `json:"empty"`              // files and records without any text
	Special  int `json:"special"`            // sockets, devices and pipes found in folders
	Linked   int `json:"linked"`             // links to folders found in folders
	Unread   int `json:"unread"`             // inputs met after the limit was reached
}

// Limit is how many bytes of text [Read] holds at most.
const Limit = maxTotal

var errFull = fmt.Errorf("reading stopped here: the texts fill the limit of %d MB", maxTotal>>20)

// reader reads paths.
type reader struct {
	ctx     context.Context
	options Options
	room    int // bytes left of maxTotal
	Collection
}

// Read reads what paths name: files, folders with all that is in them, [Stdin].
// What can't be read is reported and counted; the only error is that ctx ended.
func Read(ctx context.Context, paths []string, o Options) (*Collection, error) {
	r := &reader{ctx: ctx, options: o, room: maxTotal}
	r.Unreadable = []Unreadable{}
	r.options.List.Skipped = r.skipped
	matched := map[string]bool{}
	r.options.List.Matched = func(pattern string) { matched[pattern] = true }
	for _, path := range paths {
		r.argument(path)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	r.Unmatched = o.List.Unmatched(matched)
	return &r.Collection, nil
}

func (r *reader) argument(path string) {
	if path == Stdin {
		r.stream(path, os.Stdin)
		return
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		r.Inputs++
		r.fail(path, err)
	case info.IsDir():
		r.folder(path)
	case info.Mode().IsRegular():
		r.file(path, true)
	default:
		r.pipe(path)
	}
}

// pipe reads a named pipe or device that the caller asked for by name, as in
// toller rank QUERY <(command).
func (r *reader) pipe(path string) {
	file, err := os.Open(path)
	if err != nil {
		r.Inputs++
		r.fail(path, err)
		return
	}
	defer file.Close()
	r.stream(path, file)
}

func (r *reader) folder(path string) {
	for entry, err := range walk.Walk(r.ctx, path, r.options.List) {
		switch {
		case r.ctx.Err() != nil:
			return
		case err != nil:
			r.Inputs++
			r.fail(failedPath(path, err), err)
		default:
			r.file(entry.Path, false)
		}
	}
}

func (r *reader) skipped(_ string, why walk.Reason) {
	l := &r.LeftOut
	switch why {
	case walk.Hidden:
		l.Hidden++
	case walk.Ignored:
		l.Ignored++
	case walk.Excluded, walk.NotIncluded:
		l.Excluded++
	case walk.Linked, walk.LinkedOutside:
		l.Linked++
	case walk.Special:
		l.Special++
	}
}

// file reads a regular file; named tells that the caller asked for this very
// file, which makes it worth a word that there is nothing in it.
func (r *reader) file(path string, named bool) {
	r.input(path, named, func(o extract.Options) iter.Seq2[extract.Document, error] {
		return extract.File(r.ctx, path, o)
	})
}

// stream reads standard input or whatever else has no end known beforehand.
func (r *reader) stream(path string, in io.Reader) {
	r.input(path, true, func(o extract.Options) iter.Seq2[extract.Document, error] {
		return extract.Stream(r.ctx, path, in, o)
	})
}

var errEmpty = errors.New("is empty")

// input reads one file or stream, by its name and by what opens it.
func (r *reader) input(path string, named bool, open func(extract.Options) iter.Seq2[extract.Document, error]) {
	if r.room <= 0 {
		r.LeftOut.Unread++
		return
	}
	r.Inputs++
	found, missing, badRecords := 0, 0, r.BadRecords
	o := extract.Options{Format: r.options.Format, TextField: r.options.TextField, Readers: r.options.Readers, MaxFile: maxFile}
	for d, err := range open(o) {
		found++
		switch {
		case err == nil && r.room <= 0:
			r.fail(path, fmt.Errorf("%s%w", colon(d.Part), errFull))
			return
		case err == nil:
			r.add(newDocument(path, d), d.Repaired)
			for _, part := range d.Missing {
				if missing++; missing <= manyMissing {
					r.note(place(path, d), errors.New(part))
				}
			}
		case errors.Is(err, extract.ErrEmpty):
			r.LeftOut.Empty++
		case d.Part != "":
			r.failRecord(path, d, r.BadRecords-badRecords, err)
		case errors.Is(err, extract.ErrUnsupported) && !named:
			r.LeftOut.Binary++
		default:
			r.fail(path, errors.Unwrap(err)) // the path is said already
		}
	}
	if more := missing - manyMissing; more > 0 {
		r.note(path, fmt.Errorf("%d more parts that are missing", more))
	}
	if more := r.BadRecords - badRecords - manyRecords; more > 0 {
		r.note(path, fmt.Errorf("%d more like these", more))
	}
	switch {
	case found > 0 || r.ctx.Err() != nil || path == Stdin:
	case named:
		r.fail(path, errEmpty)
	default:
		r.LeftOut.Empty++
	}
}

func colon(part string) string {
	if part == "" {
		return ""
	}
	return part + ": "
}

func (r *reader) add(d Document, repaired bool) {
	if repaired {
		r.Repaired++
	}
	r.room -= len(d.Text) + len(d.Title) + bookkeeping
	r.Documents = append(r.Documents, d)
	if r.options.Progress != nil {
		r.options.Progress(len(r.Documents))
	}
}

// fail reports an input that can't be read, or not to its end.
func (r *reader) fail(path string, err error) {
	r.BadInputs++
	r.note(path, err)
}

// failRecord reports a record that can't be used, up to a number for each input.
func (r *reader) failRecord(path string, d extract.Document, before int, err error) {
	r.BadRecords++
	if before < manyRecords {
		err = errors.Unwrap(errors.Unwrap(err)) // without the path and the part
		r.note(place(path, d), err)
	}
}

// place names a document in what is said of it: its file, and its line or row there.
func place(path string, d extract.Document) string {
	if d.Record == 0 {
		return path
	}
	return fmt.Sprintf("%s:%d", path, d.Record)
}

func (r *reader) note(name string, err error) {
	if r.ctx.Err() != nil {
		return // it is the interruption that made this fail
	}
	u := NewUnreadable(name, err)
	r.Unreadable = append(r.Unreadable, u)
	if r.options.Unreadable != nil {
		r.options.Unreadable(u)
	}
}

// failedPath is the path that an error of a walk is about.
func failedPath(root string, err error) string {
	if inner := (*fs.PathError)(nil); errors.As(err, &inner) {
		return inner.Path
	}
	return root
}
