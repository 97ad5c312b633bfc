package mirror

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/toller-search/toller/edge/files/extract"
	"github.com/toller-search/toller/edge/index"
)

// badRecords is how many unreadable records of one file are reported one by
// one; the rest is counted.
const badRecords = 5

// missingParts is how many parts that are missing from the documents of one file are
// reported one by one.
const missingParts = 20

// readFile is what is to be done about a file.
type readFile struct {
	sourceFile
	entries     []index.Entry // to be stored
	stale       []string      // keys of entries to be removed
	same        bool          // it has the contents that are in the index
	unsupported bool          // it is of a kind that has no text
	kind        string        // which
	class       error         // of what is missing, if it has one
	empty       bool          // there is no text in it
	failed      bool          // nothing could be read; missing says why
	missing     []error       // records that could not be read, or text beyond a limit
}

// readBatches reads files one after the other and hands them over in batches,
// until ctx ends.
func readBatches(ctx context.Context, files []sourceFile, o extract.Options, batches chan<- []readFile) {
	var batch []readFile
	entries, text := 0, 0
	for i, file := range files {
		f := read(ctx, file, o)
		if ctx.Err() != nil {
			return
		}
		batch = append(batch, f)
		for _, e := range f.entries {
			entries, text = entries+1, text+len(e.Text)
		}
		if entries < batchEntries && text < batchText && i < len(files)-1 {
			continue
		}
		select {
		case batches <- batch:
		case <-ctx.Done():
			return
		}
		batch, entries, text = nil, 0, 0
	}
}

// read makes entries of what has changed in a file. What the index has of a file
// that can't be read stays there; what it has of one without text doesn't.
func read(ctx context.Context, file sourceFile, o extract.Options) readFile {
	f := readFile{sourceFile: file}
	content, err := f.digest()
	switch {
	case errors.Is(err, fs.ErrNotExist): // it has gone since it was found
		f.stale = f.staleKeys(nil)
		return f
	case err != nil:
		f.failed, f.missing = true, []error{err}
		return f
	case f.stored.holds(f.key, content, false):
		f.same = true
		return f
	}
	documents, err := f.extract(ctx, o)
	switch {
	case len(documents) > 0:
		f.makeEntries(documents, content, err == nil)
		return f
	case errors.Is(err, extract.ErrUnsupported) && !f.named:
		f.unsupported, f.missing = true, nil
		f.kind = strings.TrimSuffix(err.Error(), ": "+extract.ErrUnsupported.Error())
	case err != nil:
		f.failed = true
		return f
	default:
		f.empty = true
	}
	f.stale = f.staleKeys(nil)
	return f
}

// extract returns the documents of a file, and an error if they are not all.
// What is missing is noted, records only up to a number.
func (f *readFile) extract(ctx context.Context, o extract.Options) (documents []extract.Document, err error) {
	bad, parts, repaired := 0, 0, 0
	for d, problem := range extract.File(ctx, f.path, o) {
		if problem == nil {
			documents = append(documents, d)
			f.class = cmp.Or(f.class, d.Class)
			if d.Repaired {
				repaired++
			}
			for _, part := range d.Missing {
				if parts++; parts <= missingParts {
					f.missing = append(f.missing, fmt.Errorf("%s%s", named(d.Part), part))
				}
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
	if parts > missingParts {
		f.missing = append(f.missing, fmt.Errorf("%d more parts that are missing", parts-missingParts))
	}
	if repaired > 0 {
		f.missing = append(f.missing, fmt.Errorf("records with characters that can't be read, each now U+FFFD: %d", repaired))
	}
	if bad > badRecords {
		f.missing = append(f.missing, fmt.Errorf("%d more like these", bad-badRecords))
	}
	return documents, err
}

// digest is the digest of the file's bytes.
func (f *readFile) digest() (d [12]byte, err error) {
	file, err := os.Open(f.path)
	if err != nil {
		return d, err
	}
	defer file.Close()
	return digest(file)
}

// makeEntries makes entries of those documents that the index doesn't have. What
// it has beside them is stale if they are all that there is.
func (f *readFile) makeEntries(documents []extract.Document, content [12]byte, all bool) {
	documents = slices.DeleteFunc(documents, f.tooLong)
	if f.failed = len(documents) == 0; f.failed {
		return
	}
	s := stamp{content: content, fileState: f.state}
	if len(documents) > 1 || documents[0].Part != "" {
		s.records = uint32(len(documents))
	}
	keys := make([]string, len(documents))
	for i, d := range documents {
		e := f.entry(d)
		if s.records > 0 {
			e.Key, s.content = recordKey(f.key, d.Part), recordDigest(e)
		}
		if keys[i] = e.Key; s.records > 0 && f.stored.holds(e.Key, s.content, true) {
			continue
		}
		e.Hash = s.hash()
		f.entries = append(f.entries, e)
	}
	if all {
		f.stale = f.staleKeys(keys)
	}
}

// tooLong reports a document that has more text than an index takes.
func (f *readFile) tooLong(d extract.Document) bool {
	if len(d.Text) <= index.MaxText {
		return false
	}
	f.missing = append(f.missing, fmt.Errorf("%shas a text of %.1f MB, the limit is %.1f MB", named(d.Part), float64(len(d.Text))/1e6, float64(index.MaxText)/1e6))
	return true
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
		f.missing = append(f.missing, fmt.Errorf("%s%w", named(d.Part), err))
	}
	e := index.Entry{Key: f.key, Title: d.Title, Source: f.key, Text: d.Text, Metadata: metadata, Plain: !d.Headings}
	if f.state.modified != unsettled {
		e.Time = time.Unix(0, f.state.modified)
	}
	return e
}

// staleKeys returns what the index has of the file beside these keys.
func (f *readFile) staleKeys(keys []string) []string {
	there := make(map[string]bool, len(keys))
	for _, key := range keys {
		there[key] = true
	}
	var stale []string
	for key := range f.stored {
		if !there[key] {
			stale = append(stale, key)
		}
	}
	return stale
}

// partEscapes keep a # of a record's name apart from the one before it.
var partEscapes = strings.NewReplacer("%", "%25", "#", "%23")

// recordKey is the key of a record: the file, #, and the record's id or place.
func recordKey(file, part string) string { return file + "#" + partEscapes.Replace(part) }

func recordDigest(e index.Entry) [12]byte {
	metadata, _ := json.Marshal(e.Metadata) // what can't be marshalled is refused when it is stored
	return digestParts([]byte(e.Title), []byte(e.Text), metadata)
}
