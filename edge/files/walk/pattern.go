package walk

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// pattern is one of Options.Include or Options.Exclude, made ready for a walk.
type pattern struct {
	given   string // by the caller
	name    bool   // for names in any folder
	path    string // else: for a path below the root, or as from the current folder
	full    string // for an absolute path, with a slash before it; empty if it can be none
	all     bool   // stands for all that is in a folder that it matches
	matched bool   // anything, in this walk
}

// newPattern reads a pattern. People write paths as they see them: below the folder
// that is walked, from the folder that they are in, or absolute; with ./ before
// them and a slash at the end.
func newPattern(given string) pattern {
	p := pattern{given: given}
	s := given
	if filepath.IsAbs(s) {
		s = filepath.ToSlash(s)
		p.full = path.Clean("/" + s)
	}
	p.name = !strings.Contains(s, "/")
	p.path = path.Clean(strings.TrimLeft(s, "/"))
	p.all = strings.HasSuffix(s, "/") || !strings.ContainsAny(path.Base(p.path), `*?[{\`)
	return p
}

// matches reports whether the pattern is one for what is called name and lies at rel
// from the root, and as from the other places where paths begin.
func (p *pattern) matches(rel, name string, from places) bool {
	var found bool
	switch {
	case p.name:
		found = doublestar.MatchUnvalidated(p.path, name)
	default:
		found = doublestar.MatchUnvalidated(p.path, rel) ||
			from.here != "" && doublestar.MatchUnvalidated(p.path, path.Join(from.here, rel)) ||
			p.full != "" && doublestar.MatchUnvalidated(p.full, path.Join(from.top, rel))
	}
	p.matched = p.matched || found
	return found
}

// places are where the root of a walk lies: from the current folder, and absolute
// with a slash before it. Both are with slashes, and empty where they aren't known.
type places struct{ here, top string }

func placesOf(root string) places {
	full, err := filepath.Abs(root)
	if err != nil {
		return places{}
	}
	p := places{top: path.Clean("/" + filepath.ToSlash(full))}
	if current, err := os.Getwd(); err == nil {
		if here, err := filepath.Rel(current, full); err == nil {
			p.here = filepath.ToSlash(here)
		}
	}
	return p
}

// patterns are all that were given of one kind.
type patterns []pattern

func newPatterns(given []string) patterns {
	var all patterns
	for _, s := range given {
		all = append(all, newPattern(s))
	}
	return all
}

// match reports whether any pattern matches, and whether one of these stands for all
// that is in a folder. It tries all of them, to know which match nothing.
func (all patterns) match(rel, name string, from places) (found, whole bool) {
	for i := range all {
		if all[i].matches(rel, name, from) {
			found, whole = true, whole || all[i].all
		}
	}
	return found, whole
}

// Unmatched returns the patterns that are not among those that were matched, as
// Options.Matched told of them.
func (o Options) Unmatched(matched map[string]bool) []string {
	var none []string
	for _, p := range slices.Concat(o.Include, o.Exclude) {
		if !matched[p] && !slices.Contains(none, p) {
			none = append(none, p)
		}
	}
	return none
}
