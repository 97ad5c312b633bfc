package mirror

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/toller-search/toller/edge/files/walk"
)

// sourceFile is a file that was found under a path.
type sourceFile struct {
	path   string // as it is shown
	key    string // absolute path, its key in the index
	named  bool   // the path itself, and not found in a folder
	state  fileState
	stored storedFile // what the index has of it
	before int        // how many entries that were at the beginning of the round

	reread  bool // it hasn't changed, but was read by other rules
	looked  bool // content is known
	content [12]byte
}

// had reports whether the index had anything of the file.
func (f *sourceFile) had() bool { return f.before > 0 }

// tree is what lies under paths.
type tree struct {
	files   []sourceFile
	folders []string // of the paths, absolute: what vanished below them leaves the index
	blocked []string // could not be read: what the index has of these and below stays
	empty   []string // of the folders, those with nothing in them
	skipped []Skipped
	bad     int // paths of which nothing could be read
	linked  int // names of files that have another, too
}

var errNotUTF8 = errors.New("has a name that is not valid UTF-8")

// list finds the files under paths, each once: of names that links give to the same
// file, the first counts. What can't be read is reported;
// the only error is that ctx ended.
func (m *Mirror) list(ctx context.Context, paths []string, r *Report) (*tree, error) {
	t := &tree{}
	fail := func(name string, err error) { m.fail(r, name, err) }
	seen := map[string]bool{}
	names := linkedNames{}
	now := time.Now()
	options := m.options.List
	matched := map[string]bool{}
	options.Matched = func(pattern string) {
		matched[pattern] = true
		if tell := m.options.List.Matched; tell != nil {
			tell(pattern)
		}
	}
	notIncluded := 0 // of the path under way
	options.Skipped = func(path string, why walk.Reason) {
		if why == walk.NotIncluded {
			notIncluded++
		}
		t.skip(path, why, r)
		if tell := m.options.List.Skipped; tell != nil {
			tell(path, why)
		}
	}
	if entered := options.Entered; m.entered != nil {
		options.Entered = func(folder string) {
			if entered != nil {
				entered(folder)
			}
			m.entered(folder)
		}
	}
	for _, path := range paths {
		root, err := filepath.Abs(path)
		var info fs.FileInfo
		if err == nil {
			info, err = os.Stat(path)
		}
		if err != nil {
			t.bad++
			fail(path, err)
			continue
		}
		if info.IsDir() {
			t.folders = append(t.folders, root)
		}
		found := 0
		notIncluded = 0
		for entry, err := range walk.Walk(ctx, path, options) {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err != nil {
				t.bad += t.block(path, err, fail)
				continue
			}
			found++
			key := root
			switch {
			case info.IsDir() && path == root:
				key = entry.Path
			case info.IsDir():
				key = filepath.Join(root, filepath.FromSlash(entry.Rel))
			}
			switch {
			case seen[key] || m.own[key]:
			case !utf8.ValidString(key):
				fail(entry.Path, errNotUTF8)
				t.skipped = append(t.skipped, newSkipped(key, Unreadable, errNotUTF8.Error()))
			case names.known(entry):
				t.linked++
			default:
				t.files = append(t.files, sourceFile{
					path: entry.Path, key: key, named: !info.IsDir(),
					state: stateAt(now, entry.Info),
				})
			}
			seen[key] = true
		}
		switch {
		case found == 0 && notIncluded > 0:
			// More likely a slip than the wish to have nothing of it.
			r.NotIncluded = append(r.NotIncluded, path)
			t.blocked = append(t.blocked, root)
		case found == 0 && info.IsDir() && bare(path):
			t.empty = append(t.empty, root)
		}
	}
	r.Unmatched = m.options.List.Unmatched(matched)
	return t, ctx.Err()
}

// block notes what could not be read under root, and returns 1 if that is root
// itself.
func (t *tree) block(root string, err error, fail func(string, error)) int {
	inner := (*fs.PathError)(nil)
	if !errors.As(err, &inner) {
		fail(root, err)
		return 0
	}
	fail(inner.Path, inner.Err)
	t.blocked = append(t.blocked, absolute(inner.Path))
	t.skipped = append(t.skipped, newSkipped(absolute(inner.Path), Unreadable, inner.Err.Error()))
	if filepath.Clean(inner.Path) == filepath.Clean(root) {
		return 1
	}
	return 0
}

// absolute is path as an index has it.
func absolute(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}

// vanished is what there is from below the tree's folders of stored, which has no file
// that was found.
func (t *tree) vanished(stored map[string]storedFile) map[string]storedFile {
	gone := map[string]storedFile{}
	for file, entries := range stored {
		if within(file, t.folders) && !within(file, t.blocked) {
			gone[file] = entries
		}
	}
	return gone
}

// within reports whether path is one of these or lies below one.
func within(path string, folders []string) bool {
	const separator = string(filepath.Separator)
	for _, folder := range folders {
		if path == folder || strings.HasPrefix(path, strings.TrimSuffix(folder, separator)+separator) {
			return true
		}
	}
	return false
}
