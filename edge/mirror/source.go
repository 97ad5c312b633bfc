package mirror

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"strings"

	"github.com/toller-search/toller/edge/files/extract"
	"github.com/toller-search/toller/edge/index"
)

// badRecords is how many unreadable records of one file are reported one by
// one; the rest is counted.
const badRecords = 5

// missingParts is how many parts that are missing from the documents of one file are
// reported one by one.
const missingParts = 20

// readFile is what is to be done about a file, or about a part of its records.
type readFile struct {
	sourceFile
	entries []index.Entry     // to be stored
	amended []index.Amendment // of entries that are there, and come first
	stale   []string          // keys of entries to be removed
	size    int               // bytes of what the entries hold
	more    bool              // another part of the file follows; what is below is for the last

	encoded     int     // entries of all parts
	unsupported bool    // it is of a kind that has no text
	kind        string  // which
	class       error   // of what is missing, if it has one
	empty       bool    // there is no text in it
	failed      bool    // nothing could be read; missing says why
	partial     bool    // it could not be read to the end
	revised     bool    // its contents changed, and its text did not
	missing     []error // records that could not be read, or text beyond a limit
	parts       int     // of the documents that are missing, of which missing has the first
}

// readBatches reads files one after the other and hands them over in batches,
// until ctx ends.
func (r *round) readBatches(ctx context.Context, files []sourceFile, batches chan<- []readFile) {
	var batch []readFile
	entries, size := 0, 0
	hand := func() bool {
		if len(batch) == 0 {
			return true
		}
		select {
		case batches <- batch:
			batch, entries, size = nil, 0, 0
			return true
		case <-ctx.Done():
			return false
		}
	}
	for _, file := range files {
		for part := range r.read(ctx, file) {
			if ctx.Err() != nil {
				return
			}
			batch = append(batch, part)
			if n := len(part.entries); n > 0 {
				entries, size = entries+n, size+part.size
			}
			if (entries >= batchEntries || size >= batchSize) && !hand() {
				return
			}
		}
	}
	hand()
}

// read makes entries of what has changed in a file, of many records in several parts.
// What the index has of a file that can't be read stays there; what it has of one
// without text doesn't.
func (r *round) read(ctx context.Context, file sourceFile) iter.Seq[readFile] {
	return func(yield func(readFile) bool) {
		f := readFile{sourceFile: file}
		o := r.options.Extract
		err := f.look(ctx, o)
		switch {
		case errors.Is(err, fs.ErrNotExist): // it has gone since it was found
			f.stale = f.staleKeys(nil)
			yield(f)
			return
		case err != nil:
			f.failed, f.missing = true, []error{err}
			yield(f)
			return
		}
		var found findings
		err = f.extract(ctx, o, func(d extract.Document) bool {
			found.add(&f, d)
			return true
		})
		switch {
		case len(found.found) > 0:
			f.partial = err != nil
			r.settle(ctx, &f, &found, yield)
			return
		case f.failed: // documents that were too long
		case errors.Is(err, extract.ErrUnsupported) && !f.named:
			f.unsupported, f.missing = true, nil
			f.kind = strings.TrimSuffix(err.Error(), ": "+extract.ErrUnsupported.Error())
			f.stale = f.staleKeys(nil)
		case err != nil:
			f.failed = true
		default:
			f.empty = true
			f.stale = f.staleKeys(nil)
		}
		yield(f)
	}
}

// look learns the digest of the file's bytes. A file that is too large is not read for
// that: no text is made of it, or records are, which have digests of their own.
func (f *sourceFile) look(ctx context.Context, o extract.Options) error {
	if f.looked || f.state.size > largest(o) {
		return nil
	}
	file, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer file.Close()
	f.content, err = digest(ctx, file)
	f.looked = err == nil
	return err
}

// largest is how large a file may be that isn't read record by record.
func largest(o extract.Options) int64 {
	if o.MaxFile > 0 {
		return o.MaxFile
	}
	return 128 << 20 // what package extract takes for the default
}

// extract gives the documents of a file to take, until that returns false, and
// returns an error if they are not all. What is missing is noted, records only up to
// a number.
func (f *readFile) extract(ctx context.Context, o extract.Options, take func(extract.Document) bool) (err error) {
	bad, repaired := 0, 0
	for d, problem := range extract.File(ctx, f.path, o) {
		if problem == nil {
			if !take(d) {
				return nil
			}
			f.class = cmp.Or(f.class, d.Class)
			if d.Repaired {
				repaired++
			}
			for _, part := range d.Missing {
				f.lacks(d, errors.New(part))
			}
			continue
		}
		if errors.Is(problem, extract.ErrEmpty) {
			continue
		}
		if inner := errors.Unwrap(problem); inner != nil {
			problem = inner // the path is said already
		}
		if d.Part == "" {
			err = problem
		} else if bad++; bad > badRecords {
			continue
		}
		f.missing = append(f.missing, problem)
	}
	if more := f.parts - missingParts; more > 0 {
		f.missing = append(f.missing, fmt.Errorf("%d more parts that are missing", more))
	}
	if repaired > 0 {
		f.missing = append(f.missing, fmt.Errorf("records with characters that can't be read, each now U+FFFD: %d", repaired))
	}
	if bad > badRecords {
		f.missing = append(f.missing, fmt.Errorf("%d more like these", bad-badRecords))
	}
	return err
}

// lacks notes a part that is missing from a document, up to a number.
func (f *readFile) lacks(d extract.Document, err error) {
	if f.parts++; f.parts <= missingParts {
		f.missing = append(f.missing, fmt.Errorf("%s%w", named(d.Part), err))
	}
}

// named is the name of a record, if it is one, before what is wrong with it.
func named(part string) string {
	if part == "" {
		return ""
	}
	return part + ": "
}

func (f *readFile) entry(d extract.Document) index.Entry {
	metadata, err := entryMetadata(d)
	if err != nil {
		f.lacks(d, err)
	}
	return index.Entry{
		Key: f.key, Title: d.Title, Source: f.key, Text: d.Text, Metadata: metadata,
		Time: f.state.time(), Plain: !d.Headings,
	}
}

// staleKeys returns what the index has of the file beside these keys.
func (f *readFile) staleKeys(keys []string) []string {
	there := make(map[string]bool, len(keys))
	for _, key := range keys {
		there[key] = true
	}
	var stale []string
	for _, e := range f.stored {
		if !there[e.key] {
			stale = append(stale, e.key)
		}
	}
	return stale
}

// partEscapes keep a # of a record's name apart from the one before it.
var partEscapes = strings.NewReplacer("%", "%25", "#", "%23")

// recordKey is the key of a record: the file, #, and the record's id or place.
func recordKey(file, part string) string { return file + "#" + partEscapes.Replace(part) }
