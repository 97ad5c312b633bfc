package mirror

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"github.com/toller-search/toller/edge/files"
	"github.com/toller-search/toller/edge/files/extract"
	"github.com/toller-search/toller/edge/files/walk"
	"github.com/toller-search/toller/edge/index"
)

// Options says what is read and who is told.
type Options struct {
	// List says which files of a folder are read.
	List walk.Options
	// Extract says how text is made of them.
	Extract extract.Options
	// Progress, if it isn't nil, is told how far a round is, by one goroutine at a
	// time. It must not call methods of the index.
	Progress func(Progress)
	// Unreadable, if it isn't nil, is told at once what can't be read: in all
	// rounds together only once, unless the reason changes.
	Unreadable func(files.Unreadable)
}

// Progress is how far a round is.
type Progress struct {
	Documents int // that are in the index for good
	Total     int // of the files that are to be read, as far as it is known
	Passages  int // encoded so far
}

// A Mirror keeps one index in step. Its methods are for one goroutine at a time.
type Mirror struct {
	index   *index.Index
	options Options
	own     map[string]bool           // files of the index itself, absolute
	told    map[files.Unreadable]bool // what was reported in this round or before
	tried   map[string]failedFile     // by key
	entered func(folder string)       // told each folder before it is read; may be nil
}

// failedFile is a file that could not be read, and is not tried again until it
// changes.
type failedFile struct {
	state fileState
	why   []error
}

// New returns a mirror for an open index, which stays the caller's.
func New(x *index.Index, o Options) *Mirror {
	m := &Mirror{index: x, options: o, own: map[string]bool{}, told: map[files.Unreadable]bool{}, tried: map[string]failedFile{}}
	for _, name := range index.Files(x.Path()) {
		if full, err := filepath.Abs(name); err == nil {
			m.own[full] = true
		}
	}
	return m
}

// Update brings the index up to date with what lies under paths, once: files, and
// folders with all that is in them. It takes out what has vanished from these
// folders or is left out there now; other entries stay as they are. A path that is
// not there is reported and changes nothing.
func (m *Mirror) Update(ctx context.Context, paths ...string) (*Report, error) {
	started := time.Now()
	r := &Report{Paths: len(paths), Unreadable: []files.Unreadable{}, Unsupported: map[string]int{}}
	t, err := m.list(ctx, paths, r)
	if err != nil {
		return nil, err
	}
	r.Files, r.BadPaths = len(t.files), t.bad
	hashes, err := m.index.Hashes(ctx)
	if err != nil {
		return nil, err
	}
	skipped := &rejects{index: m.index}
	if skipped.all, err = storedSkipped(ctx, m.index); err != nil {
		return nil, err
	}
	if err := skipped.begin(ctx, t); err != nil {
		return nil, err
	}
	stored := storedFiles(hashes)
	keys, vanished := t.vanished(stored)
	if err := m.remove(ctx, keys); err != nil {
		return nil, err
	}
	r.Removed = vanished
	if err := m.update(ctx, r, m.outdated(r, t.files, stored), skipped); err != nil {
		return nil, err
	}
	r.Skipped = skipped.below(t)
	r.Duration = time.Since(started)
	return r, nil
}

// outdated returns the files that must be read.
func (m *Mirror) outdated(r *Report, found []sourceFile, stored map[string]storedFile) []sourceFile {
	var read []sourceFile
	for _, f := range found {
		f.stored = stored[f.key]
		tried, failed := m.tried[f.key]
		switch {
		case f.stored.current(f.state):
			r.Unchanged++
		case failed && tried.state == f.state && f.state.modified != unsettled:
			r.Failed++
			for _, err := range tried.why {
				m.fail(r, f.path, err)
			}
		default:
			read = append(read, f)
		}
	}
	return read
}

// fail reports a file or record that can't be read.
func (m *Mirror) fail(r *Report, name string, err error) {
	u := files.NewUnreadable(name, err)
	r.Unreadable = append(r.Unreadable, u)
	if m.told[u] {
		return
	}
	m.told[u] = true
	r.New++
	if m.options.Unreadable != nil {
		m.options.Unreadable(u)
	}
}

// removeBatch is how many entries are removed in one transaction.
const removeBatch = 1000

func (m *Mirror) remove(ctx context.Context, keys []string) error {
	_, err := remove(ctx, m.index, keys)
	return err
}

// remove removes entries, and returns how many there were.
func remove(ctx context.Context, x *index.Index, keys []string) (removed int, err error) {
	for batch := range slices.Chunk(keys, removeBatch) {
		n, err := x.Delete(ctx, batch...)
		if err != nil {
			return removed, err
		}
		removed += n
	}
	return removed, nil
}
