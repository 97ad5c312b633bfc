package hub

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/toller-search/toller/infer/weights"
)

// A Snapshot is a commit of a repository in the cache.
type Snapshot struct {
	Repo   Repo   // its revision is a branch or tag that stood for the commit when it was fetched, or else the commit
	Commit string // 40 hexadecimal digits
	Path   string // folder of the checkpoint's files
	Files  []string
	Bytes  int64 // of these files

	configuration []string // those that aren't weights
}

// folder is where the cache keeps a repository.
func (h *Hub) folder(id string) string {
	return filepath.Join(h.Cache, repoPrefix+strings.ReplaceAll(id, "/", separator))
}

// What the names of folders are made of.
const (
	repoPrefix = "models--"
	separator  = "--"
)

func (h *Hub) snapshotPath(id, commit string) string {
	return filepath.Join(h.folder(id), "snapshots", commit)
}

func (h *Hub) refPath(r Repo) string {
	return filepath.Join(h.folder(r.ID), "refs", filepath.FromSlash(r.revision()))
}

// Find returns what is in the cache of a repository, and opens no connection. It
// fails with [ErrAbsent] if that is nothing, and with [ErrPartial] if files are
// missing without which the checkpoint can't be opened.
func (h *Hub) Find(r Repo) (*Snapshot, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	s := &Snapshot{Repo: r, Commit: r.revision()}
	if !commit.MatchString(s.Commit) {
		found, err := readRef(h.refPath(r))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("hub: %s is %w at %s", r, ErrAbsent, h.Cache)
		}
		if err != nil {
			return nil, fmt.Errorf("hub: %s: %w", r, err)
		}
		s.Commit = found
	}
	s.Path = h.snapshotPath(r.ID, s.Commit)
	if info, err := os.Stat(s.Path); errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return nil, fmt.Errorf("hub: %s is %w at %s", r, ErrAbsent, h.Cache)
	} else if err != nil {
		return nil, fmt.Errorf("hub: %s: %w", r, err)
	}
	return s, s.read()
}

// Snapshots returns every commit of every model in the cache, sorted by id, those
// of branches and tags before others. Opening connections isn't its business, nor
// whether a checkpoint is complete or of a kind that can be read.
func (h *Hub) Snapshots() ([]Snapshot, error) {
	repos, err := os.ReadDir(h.Cache)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("hub: %w", err)
	}
	var all []Snapshot
	for _, entry := range repos {
		name, ok := strings.CutPrefix(entry.Name(), repoPrefix)
		id := strings.Replace(name, separator, "/", 1)
		if !ok || (Repo{ID: id}).check() != nil {
			continue
		}
		commits, err := os.ReadDir(filepath.Join(h.folder(id), "snapshots"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("hub: %w", err)
		}
		revisions := h.revisions(id)
		var found []Snapshot
		for _, c := range commits {
			if !commit.MatchString(c.Name()) {
				continue
			}
			r := Repo{ID: id, Revision: c.Name()}
			if names := revisions[c.Name()]; len(names) > 0 {
				r.Revision = names[0]
			}
			found = append(found, Snapshot{Repo: r, Commit: c.Name(), Path: h.snapshotPath(id, c.Name())})
		}
		slices.SortFunc(found, func(a, b Snapshot) int { return strings.Compare(a.order(), b.order()) })
		all = append(all, found...)
	}
	return all, nil
}

// order sorts the branch main first, then other revisions, then bare commits.
func (s Snapshot) order() string {
	switch s.Repo.Revision {
	case defaultRevision:
		return "0"
	case s.Commit:
		return "2" + s.Commit
	}
	return "1" + s.Repo.Revision
}

// revisions returns the branches and tags that stand for a commit, main first.
func (h *Hub) revisions(id string) map[string][]string {
	root := filepath.Join(h.folder(id), "refs")
	names := map[string][]string{}
	filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // what can't be read names nothing
		}
		found, err := readRef(path)
		name, relative := filepath.Rel(root, path)
		if err != nil || relative != nil {
			return nil
		}
		if name = filepath.ToSlash(name); (Repo{ID: id, Revision: name}).check() != nil {
			return nil
		}
		if name == defaultRevision {
			names[found] = append([]string{name}, names[found]...)
		} else {
			names[found] = append(names[found], name)
		}
		return nil
	})
	return names
}

// readRef reads the commit that a revision stands for.
func readRef(path string) (string, error) {
	text, err := readCached(path, 1<<10)
	if err != nil {
		return "", err
	}
	found := strings.TrimSpace(string(text))
	if !commit.MatchString(found) {
		return "", fmt.Errorf("%s: expected a commit of 40 hexadecimal digits, found %.50q", path, found)
	}
	return found, nil
}

// readCached reads a file of the cache. What is no file, such as a pipe, isn't opened:
// that could wait for ever.
func readCached(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: expected a file, found %v", path, info.Mode().Type())
	}
	return readSmall(path, limit)
}

// readSmall reads a file of no more than limit bytes.
func readSmall(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(text)) > limit {
		err = fmt.Errorf("%s has more than the %d bytes allowed", path, limit)
	}
	return text, err
}

// read finds out which of the checkpoint's files are there.
func (s *Snapshot) read() error {
	root := s.Path
	sizes := map[string]int64{}
	var there []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := os.Stat(path) // of what a link leads to
		if err != nil || !info.Mode().IsRegular() {
			return nil // a link to a blob that is gone
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if len(there) == maxListed {
			return fmt.Errorf("%s has more than the %d files allowed", root, maxListed)
		}
		name = filepath.ToSlash(name)
		there = append(there, name)
		sizes[name] = info.Size()
		return nil
	})
	if err != nil {
		return fmt.Errorf("hub: %s: %w", s.Repo, err)
	}
	files, err := weights.ListFiles(s.Repo.String(), there, func(name string) ([]byte, error) {
		return readCached(filepath.Join(root, filepath.FromSlash(name)), maxConfiguration)
	})
	if err != nil {
		return fmt.Errorf("hub: %s is %w at %s: %w", s.Repo, ErrPartial, s.Path, err)
	}
	s.configuration = files.Configuration
	s.Files = slices.Concat(files.Configuration, files.Weights)
	for _, name := range s.Files {
		s.Bytes += sizes[name]
	}
	return nil
}

// Configuration returns the content of the files that aren't weights, by name, as
// [github.com/toller-search/toller/edge.CheckFiles] takes them.
func (s *Snapshot) Configuration() (map[string][]byte, error) {
	if s.Files == nil {
		if err := s.read(); err != nil {
			return nil, err
		}
	}
	files := map[string][]byte{}
	for _, name := range s.configuration {
		text, err := readCached(filepath.Join(s.Path, filepath.FromSlash(name)), maxConfiguration)
		if err != nil {
			return nil, fmt.Errorf("hub: %s: %w", s.Repo, err)
		}
		files[name] = text
	}
	return files, nil
}

// maxConfiguration is the most bytes of a file that isn't weights.
const maxConfiguration = 64 << 20
