package walk

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
)

// An Entry is a file that was found.
type Entry struct {
	Path    string // the path walked, joined with Rel
	Rel     string // from the path walked, with slashes; the name if the path is the file itself
	Size    int64
	ModTime time.Time
	Info    fs.FileInfo // of the file, where a link leads to
	Linked  bool        // a symbolic link leads there
}

// Options says what is listed beside the rules of .gitignore.
type Options struct {
	// Include and Exclude are patterns as of doublestar: * and ? within a name,
	// ** for any folders, [a-z], {a,b}. Without a slash they match the name of a
	// file or folder, else its path: from the path walked, from the current folder,
	// or absolute. An excluded folder is not entered; an include pattern that names a
	// folder, without wildcards in its last part or with a slash at its end, stands for
	// all that is in it. Without Include every file is listed.
	Include, Exclude []string
	// Hidden lists names that begin with a dot, too.
	Hidden bool
	// All doesn't read .gitignore files.
	All bool
	// Entered, if it isn't nil, is called with each folder before it is read.
	Entered func(folder string)
	// Skipped, if it isn't nil, is called with what is left out, a folder once for
	// all that is in it.
	Skipped func(path string, why Reason)
	// Matched, if it isn't nil, is called at the end of a folder's walk with each
	// pattern that matched anything in it.
	Matched func(pattern string)
}

// Reason is why something is left out.
type Reason string

const (
	Hidden      Reason = "hidden"        // its name begins with a dot
	Ignored     Reason = "ignored"       // a .gitignore file names it
	Excluded    Reason = "excluded"      // an exclude pattern matches
	NotIncluded Reason = "not included"  // no include pattern matches
	Linked      Reason = "linked folder" // a link to a folder
	Special     Reason = "special"       // a pipe, socket or device

	LinkedOutside Reason = "linked from outside" // a link to a file outside the path walked
)

// Check reports the first pattern that is none.
func (o Options) Check() error {
	for _, p := range slices.Concat(o.Include, o.Exclude) {
		if !doublestar.ValidatePattern(p) {
			return fmt.Errorf("walk: %q is no pattern: expected *, ?, **, [a-z] or {a,b} with closed brackets", p)
		}
	}
	return nil
}

// Walk lists the files under root. An error, that comes with the zero Entry,
// is about one file or folder, which it names, and isn't the end; only the end of
// ctx and a pattern that is none are, and come last.
func Walk(ctx context.Context, root string, o Options) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if err := o.Check(); err != nil {
			yield(Entry{}, err)
			return
		}
		w := walker{ctx: ctx, root: root, options: o, yield: yield, include: newPatterns(o.Include), exclude: newPatterns(o.Exclude)}
		info, err := os.Stat(root)
		switch {
		case err != nil:
			w.fail(err)
		case info.IsDir():
			w.walk()
		case info.Mode().IsRegular():
			yield(newEntry(root, filepath.Base(root), info, false), nil)
		default:
			w.fail(fmt.Errorf("%s is neither a file nor a folder", root))
		}
	}
}

func newEntry(path, rel string, info fs.FileInfo, linked bool) Entry {
	return Entry{Path: path, Rel: rel, Size: info.Size(), ModTime: info.ModTime(), Info: info, Linked: linked}
}

// walker is one walk. Its methods return false when it is over.
type walker struct {
	ctx     context.Context
	root    string
	options Options
	yield   func(Entry, error) bool
	real    string // the root without links, once it is needed

	from             places
	include, exclude patterns
}

// walk lists what is in the root, a folder.
func (w *walker) walk() {
	w.from = placesOf(w.root)
	_, whole := w.include.match(".", filepath.Base(w.from.top), w.from)
	w.folder("", w.outerRules(), whole)
	if w.options.Matched == nil {
		return
	}
	for _, p := range slices.Concat(w.include, w.exclude) {
		if p.matched {
			w.options.Matched(p.given)
		}
	}
}

func (w *walker) fail(err error) bool { return w.yield(Entry{}, fmt.Errorf("walk: %w", err)) }

func (w *walker) skip(path string, why Reason) bool {
	if w.options.Skipped != nil {
		w.options.Skipped(path, why)
	}
	return true
}

// outerRules reads the rules that hold for the root because of the repository
// that it lies in.
func (w *walker) outerRules() rules {
	root, err := filepath.Abs(w.root)
	if err != nil || w.options.All {
		return nil
	}
	var names []string // from the top of the repository to the root
	for top := root; ; top = filepath.Dir(top) {
		if _, err := os.Lstat(filepath.Join(top, ".git")); err == nil {
			return w.repositoryRules(top, names)
		}
		if top == filepath.Dir(top) {
			return nil
		}
		names = append([]string{filepath.Base(top)}, names...)
	}
}

// repositoryRules reads the rules of a repository's top and of the folders
// below it, but not of the last, which is the root.
func (w *walker) repositoryRules(top string, names []string) rules {
	below := strings.Join(names, "/")
	r, err := rules(nil).read(excludeFile(top), below)
	if err != nil && !w.fail(err) {
		return r
	}
	for i := range names {
		folder := filepath.Join(top, filepath.Join(names[:i]...))
		r, err = r.read(filepath.Join(folder, ignoreFile), strings.Join(names[i:], "/"))
		if err != nil && !w.fail(err) {
			return r
		}
	}
	return r
}

// folder lists what is in the folder rel; whole tells that an include pattern stands
// for all of it.
func (w *walker) folder(rel string, r rules, whole bool) bool {
	folder := filepath.Join(w.root, filepath.FromSlash(rel))
	if w.options.Entered != nil {
		w.options.Entered(folder)
	}
	entries, err := os.ReadDir(folder)
	if err != nil && !w.fail(err) {
		return false
	}
	if len(entries) == 0 {
		return true
	}
	if !w.options.All {
		if r, err = r.enter(filepath.Join(folder, ignoreFile), rel); err != nil && !w.fail(err) {
			return false
		}
	}
	for _, e := range entries {
		if err := w.ctx.Err(); err != nil {
			w.yield(Entry{}, err)
			return false
		}
		if !w.entry(path.Join(rel, e.Name()), e, r, whole) {
			return false
		}
	}
	return true
}

func (w *walker) entry(rel string, e fs.DirEntry, r rules, whole bool) bool {
	name := e.Name()
	full := filepath.Join(w.root, filepath.FromSlash(rel))
	switch {
	case name == ".git" || name[0] == '.' && !w.options.Hidden:
		return w.skip(full, Hidden)
	case r.ignore(rel, e.IsDir()):
		return w.skip(full, Ignored)
	}
	if excluded, _ := w.exclude.match(rel, name, w.from); excluded {
		return w.skip(full, Excluded)
	}
	included, all := w.include.match(rel, name, w.from)
	switch {
	case e.IsDir():
		return w.folder(rel, r, whole || all)
	case len(w.include) > 0 && !included && !whole:
		return w.skip(full, NotIncluded)
	}
	info, err := os.Stat(full) // of what a link leads to
	if err != nil {
		return w.fail(err)
	}
	switch {
	case info.IsDir():
		return w.skip(full, Linked)
	case !info.Mode().IsRegular():
		return w.skip(full, Special)
	}
	linked := e.Type()&fs.ModeSymlink != 0
	if linked && !w.holds(full) {
		return w.skip(full, LinkedOutside)
	}
	return w.yield(newEntry(full, rel, info, linked), nil)
}
