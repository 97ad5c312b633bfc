package mirror

import (
	"context"
	"errors"
	"maps"
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
	// Prune takes files out of the index that vanished from a path that is quite
	// empty now, or lies on another device than they did: without it they are kept,
	// and Report.Kept says so, since a disk that isn't there looks like that.
	Prune bool
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
	entered func(folder string)       // told each folder before it is read; may be nil
}

// New returns a mirror for an open index, which stays the caller's.
func New(x *index.Index, o Options) *Mirror {
	m := &Mirror{index: x, options: o, own: map[string]bool{}, told: map[files.Unreadable]bool{}}
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
	r := &Report{Paths: len(paths), Kept: []Kept{}, Unreadable: []files.Unreadable{}, Unsupported: map[string]int{}}
	t, err := m.list(ctx, paths, r)
	if err != nil {
		return nil, err
	}
	r.Files, r.Linked = len(t.files), t.linked
	if m.options.Prune {
		t.empty = nil
	}
	hashes, err := m.index.Hashes(ctx)
	if err != nil {
		return nil, err
	}
	skipped := &rejects{index: m.index}
	if skipped.all, err = storedSkipped(ctx, m.index); err != nil {
		return nil, err
	}
	skippedBefore := maps.Clone(skipped.all)
	if err := skipped.begin(ctx, t); err != nil {
		return nil, err
	}
	stored := storedFiles(hashes)
	u := &round{Mirror: m, report: r, rules: newRuleSet(m.index, m.options.Extract), taken: map[string]bool{}, forgotten: map[string]string{}, skipped: skipped}
	if u.glances, err = readGlances(ctx, m.index); err != nil {
		return nil, err
	}
	outdated := u.outdated(t.files, stored)
	u.gone = t.vanished(stored)
	if !m.options.Prune {
		r.Kept = t.keep(u.gone)
	}
	r.BadPaths = t.bad + r.keptWhole(t.empty)
	r.Removed = len(u.gone)
	if err := m.index.SetNotes(ctx, t.goneNotes(u.glances)); err != nil {
		return nil, err
	}
	if outdated, err = u.rename(ctx, outdated, skippedBefore); err != nil {
		return nil, err
	}
	if err := u.removeGone(ctx, len(outdated) > 0); err != nil {
		return nil, err
	}
	if err := u.update(ctx, outdated); err != nil {
		return nil, err
	}
	if err := u.removeGone(ctx, false); err != nil {
		return nil, err
	}
	r.Skipped = skipped.below(t)
	r.Duration = time.Since(started)
	return r, nil
}

// outdated returns the files that must be looked into. What the index has of the
// files that were found is taken out of stored.
func (r *round) outdated(found []sourceFile, stored map[string]storedFile) []sourceFile {
	var read []sourceFile
	for i := range found {
		f := &found[i]
		f.stored = stored[f.key]
		f.before = len(f.stored)
		delete(stored, f.key)
		glance, glanced := r.glances[f.key]
		switch {
		case f.stored.current(f.state.mark(), r.rules):
			r.report.Unchanged++
			r.forget(f.key)
		case glanced && !f.named && glance.current(f.state, r.rules):
			r.again(f, glance)
		default:
			f.reread = f.stored.otherRules(f.state.mark(), r.rules) || glanced && glance.otherRules(f.state, r.rules)
			read = append(read, *f)
		}
	}
	return read
}

// again counts a file that would be read with the same outcome as before.
func (r *round) again(f *sourceFile, g glance) {
	for _, why := range g.Why {
		r.fail(r.report, f.path, errors.New(why))
	}
	switch g.Outcome {
	case failed:
		r.report.Failed++
		return
	case unsupported:
		r.report.Unsupported[kindOf(f.path)]++
	case empty:
		r.report.Empty++
	}
	if len(g.Why) > 0 {
		r.report.Partial++
	}
	if f.had() {
		r.report.Unchanged++
	}
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
