package walk

import (
	"path/filepath"
	"strings"
)

// holds reports whether what a link leads to lies in the path walked: a folder that
// somebody else has made must not have files read that lie elsewhere.
func (w *walker) holds(link string) bool {
	if w.real == "" {
		real, err := filepath.EvalSymlinks(w.root)
		if err != nil {
			return false
		}
		w.real = real
	}
	target, err := filepath.EvalSymlinks(link)
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(w.real, target)
	return err == nil && filepath.IsLocal(rel) && !inGit(rel)
}

// inGit reports whether a path from the root leads into a folder of git's, which
// isn't listed under its own name either.
func inGit(rel string) bool {
	for part := range strings.SplitSeq(filepath.ToSlash(rel), "/") {
		if part == ".git" {
			return true
		}
	}
	return false
}
