package walk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

const (
	ignoreFile     = ".gitignore"
	maxIgnoreBytes = 1 << 20
)

var errLinkedRules = errors.New("is a link, and is not used")

// rules are those of all .gitignore files that hold in a folder, from the
// outermost; a later one that matches overrules those before.
type rules []rule

// rule is a line of a .gitignore file.
type rule struct {
	base  string // folder of the file, from the walk's root, with a slash after it; empty for the root
	below string // for a file outside the root: the root from its folder, with a slash after it

	negated bool     // begins with !: what matches isn't ignored after all
	folders bool     // ends with /: for folders only
	name    string   // without another slash: for a name in any folder
	path    []string // else: for a path from the folder of the file, part by part
}

// enter adds the rules of a file in the folder rel of the walk.
func (r rules) enter(file, rel string) (rules, error) {
	if rel != "" {
		rel += "/"
	}
	return r.add(file, rule{base: rel})
}

// read adds the rules of a file that lies outside the walk's root, to which
// below leads.
func (r rules) read(file, below string) (rules, error) {
	if below != "" {
		below += "/"
	}
	return r.add(file, rule{below: below})
}

// add adds the rules of a file, if there is one.
func (r rules) add(file string, place rule) (rules, error) {
	info, err := os.Lstat(file)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		// As git does since 2.32: what it leads to may be anything of anybody's.
		return r, &fs.PathError{Op: "read", Path: file, Err: errLinkedRules}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return r, nil
	case err != nil:
		return r, err
	case !info.Mode().IsRegular(): // to open a pipe may take for ever
		return r, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return r, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxIgnoreBytes+1))
	if err != nil {
		return r, err
	}
	if len(text) > maxIgnoreBytes {
		return r, fmt.Errorf("%s is not used: larger than %d bytes", file, maxIgnoreBytes)
	}
	added := r[:len(r):len(r)] // so that siblings don't share what is added
	for line := range strings.SplitSeq(string(bytes.TrimPrefix(text, []byte("\uFEFF"))), "\n") {
		if rule, ok := parseRule(strings.TrimSuffix(line, "\r")); ok {
			rule.base, rule.below = place.base, place.below
			added = append(added, rule)
		}
	}
	return added, nil
}

// parseRule reads a line as gitignore(5) says.
func parseRule(line string) (rule, bool) {
	line = trimSpaces(line)
	if line == "" || line[0] == '#' {
		return rule{}, false
	}
	var r rule
	if line[0] == '!' {
		r.negated, line = true, line[1:]
	}
	if strings.HasSuffix(line, "/") {
		r.folders, line = true, line[:len(line)-1]
	}
	parts, ok := splitPattern(strings.TrimPrefix(line, "/"))
	if line == "" || !ok {
		return rule{}, false
	}
	if strings.Contains(line, "/") {
		r.path = parts
	} else {
		r.name = line
	}
	return r, true
}

// trimSpaces takes spaces off the end, but for one after a backslash.
func trimSpaces(line string) string {
	end := 0
	for i := 0; i < len(line); i++ {
		if line[i] == '\\' && i+1 < len(line) {
			i++
			end = i + 1
		} else if line[i] != ' ' {
			end = i + 1
		}
	}
	return line[:end]
}

// ignore reports whether the path rel from the walk's root is to be left out.
// The folders that it lies in aren't, or it would not be asked for.
func (r rules) ignore(rel string, folder bool) bool {
	for i := len(r) - 1; i >= 0; i-- {
		if r[i].matches(rel, folder) {
			return !r[i].negated
		}
	}
	return false
}

func (r *rule) matches(rel string, folder bool) bool {
	if r.folders && !folder {
		return false
	}
	if r.path == nil {
		return matchName(r.name, rel[strings.LastIndexByte(rel, '/')+1:])
	}
	return matchPath(r.path, strings.Split(r.below+rel[len(r.base):], "/"))
}
