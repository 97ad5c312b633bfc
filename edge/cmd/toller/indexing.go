package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/toller-search/toller/edge/files/extract"
	"github.com/toller-search/toller/edge/index"
)

// Files are handed to the index in batches, each of whole files and as soon as
// it has this many entries or bytes of text. While one is encoded the next is
// read.
const (
	batchEntries = 1024
	batchText    = 4 << 20
)

// indexing brings an index up to date with files, in one round or several.
type indexing struct {
	*indexFlags
	index *index.Index
	path  string
	model string
	own   map[string]bool       // files of the index itself, absolute
	told  map[unreadable]bool   // what was reported in this round or before
	tried map[string]failedFile // by key

	entered func(folder string) // told each folder before it is read, if it isn't nil
}

// failedFile is a file that could not be read, and is not tried again until it
// changes.
type failedFile struct {
	state fileState
	why   []error
}

func newIndexing(f *indexFlags, index *index.Index, path, model string) *indexing {
	x := &indexing{
		indexFlags: f, index: index, path: path, model: model,
		own: map[string]bool{}, told: map[unreadable]bool{}, tried: map[string]failedFile{},
	}
	if full, err := filepath.Abs(path); err == nil {
		for _, end := range indexFileEnds {
			x.own[full+end] = true
		}
	}
	return x
}

// round brings the index up to date once.
func (x *indexing) round(ctx context.Context, paths []string) (*indexReport, error) {
	started := time.Now()
	r := &indexReport{
		Index: x.path, Model: x.model, Unreadable: []unreadable{}, paths: len(paths),
		LeftOut: indexLeftOut{Kinds: map[string]int{}},
	}
	t, err := x.list(ctx, paths, r)
	if err != nil {
		return nil, err
	}
	r.Files, r.bad = len(t.files), t.bad
	hashes, err := x.index.Hashes(ctx)
	if err != nil {
		return nil, err
	}
	stored := storedFiles(hashes)
	keys, files := t.vanished(stored)
	if err := x.remove(ctx, keys); err != nil {
		return nil, err
	}
	r.Removed = files
	if err := x.update(ctx, r, x.outdated(r, t.files, stored)); err != nil {
		return nil, err
	}
	stat, err := x.index.Stat(ctx)
	if err != nil {
		return nil, err
	}
	if stat.Trouble != nil {
		note("training the index failed, and is tried again with the next change: %v", stat.Trouble)
	}
	r.Documents, r.Passages, r.Bytes = stat.Documents, stat.Passages, stat.FileBytes+stat.LogBytes
	r.Seconds = time.Since(started).Seconds()
	return r, nil
}

// outdated returns the files that must be read.
func (x *indexing) outdated(r *indexReport, files []sourceFile, stored map[string]storedFile) []sourceFile {
	var read []sourceFile
	for _, f := range files {
		f.stored = stored[f.key]
		tried, failed := x.tried[f.key]
		switch {
		case f.stored.current(f.state):
			r.Unchanged++
		case failed && tried.state == f.state && f.state.modified != unsettled:
			r.failed++
			for _, err := range tried.why {
				x.fail(r, f.path, err)
			}
		default:
			read = append(read, f)
		}
	}
	return read
}

// fail reports a file or record that can't be read, on standard error only the
// first time.
func (x *indexing) fail(r *indexReport, name string, err error) {
	// The path is said already, and the system call is of no interest.
	if inner := (*fs.PathError)(nil); errors.As(err, &inner) {
		err = inner.Err
	}
	u := unreadable{name, err.Error()}
	r.Unreadable = append(r.Unreadable, u)
	if !x.told[u] {
		x.told[u] = true
		note("%s: %s", clean(u.Name), clean(u.Error))
	}
}

// removeBatch is how many entries are removed in one transaction.
const removeBatch = 1000

func (x *indexing) remove(ctx context.Context, keys []string) error {
	for batch := range slices.Chunk(keys, removeBatch) {
		if _, err := x.index.Delete(ctx, batch...); err != nil {
			return err
		}
	}
	return nil
}

// update reads files and stores what is in them.
func (x *indexing) update(ctx context.Context, r *indexReport, files []sourceFile) error {
	bar := newProgress("indexing", !x.noProgress)
	defer bar.close()
	u := &update{indexing: x, report: r, bar: bar, documents: len(files)}

	ctx, stop := context.WithCancel(ctx)
	batches := make(chan []readFile)
	var reading sync.WaitGroup
	reading.Go(func() {
		defer close(batches)
		readBatches(ctx, files, extract.Options{TextField: x.textField}, batches)
	})
	defer reading.Wait()
	defer stop()
	for batch := range batches {
		if err := u.store(ctx, batch); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// update is the storing of what was read, in one round.
type update struct {
	*indexing
	report    *indexReport
	bar       *progress
	documents int // to be stored, as far as it is known
	done      int // of them
	passages  int // encoded
}

// store stores the entries of a batch and counts its files.
func (u *update) store(ctx context.Context, batch []readFile) error {
	var entries []index.Entry
	var stale []string
	for _, f := range batch {
		entries = append(entries, f.entries...)
		stale = append(stale, f.stale...)
		u.documents += len(f.entries) - 1
	}
	u.bar.update(u.done, u.documents)
	if len(entries) > 0 {
		var last index.WriteProgress
		err := u.index.Put(ctx, entries, index.Progress(func(p index.WriteProgress) {
			last = p
			u.bar.describe(fmt.Sprintf("indexing, %s", count(u.passages+p.Passages, "passage")))
			u.bar.update(u.done+p.Stored, u.documents)
		}))
		if err != nil {
			return err
		}
		u.passages += last.Passages
	}
	u.done += len(entries)
	if err := u.remove(ctx, stale); err != nil {
		return err
	}
	for _, f := range batch {
		u.count(f)
	}
	return nil
}

// count counts a file in the report.
func (u *update) count(f readFile) {
	r := u.report
	for _, err := range f.missing {
		u.bar.close()
		u.fail(r, f.path, err)
	}
	switch {
	case f.failed:
		r.failed++
		u.tried[f.key] = failedFile{f.state, f.missing}
		return
	case f.unsupported:
		r.LeftOut.Unsupported++
		r.LeftOut.Kinds[kindOf(f.path)]++
	case f.empty:
		r.LeftOut.Empty++
	}
	if len(f.missing) > 0 {
		r.partial++
	}
	switch {
	case len(f.stored) == 0 && len(f.entries) > 0:
		r.Added++
	case len(f.stored) > 0 && len(f.stale) == len(f.stored) && len(f.entries) == 0:
		r.Removed++
	case len(f.entries)+len(f.stale) > 0:
		r.Updated++
	case len(f.stored) > 0:
		r.Unchanged++
	}
}

// kindOf is what a file's name says about its kind: the end of the name.
func kindOf(path string) string { return strings.ToLower(filepath.Ext(path)) }

// String lists what was left out, as in "3 empty, 12 of unknown kind (9 .png, 3 .zip)".
func (l indexLeftOut) String() string {
	var parts []string
	if l.Empty > 0 {
		parts = append(parts, fmt.Sprintf("%d empty", l.Empty))
	}
	if l.Unsupported > 0 {
		parts = append(parts, fmt.Sprintf("%d of no kind that toller reads (%s)", l.Unsupported, l.kinds()))
	}
	return strings.Join(parts, ", ")
}

// manyKinds is how many kinds of files are named.
const manyKinds = 6

// kinds lists the most frequent kinds.
func (l indexLeftOut) kinds() string {
	kinds := slices.SortedFunc(maps.Keys(l.Kinds), func(a, b string) int {
		if l.Kinds[a] != l.Kinds[b] {
			return l.Kinds[b] - l.Kinds[a]
		}
		return strings.Compare(a, b)
	})
	var parts []string
	for i, kind := range kinds {
		if i == manyKinds {
			parts = append(parts, "…")
			break
		}
		name := kind
		if name == "" {
			name = "without an ending"
		}
		parts = append(parts, fmt.Sprintf("%d %s", l.Kinds[kind], clean(name)))
	}
	return strings.Join(parts, ", ")
}
