package walk

import (
	"io"
	"os"
	"path/filepath"
	"strings"
)

// excludeFile is the file beside .gitignore that holds for a whole repository:
// info/exclude in its git folder. At the top of a worktree or a submodule, .git is
// a file that says where that folder is; the worktrees of a repository share one
// (gitrepository-layout(5)).
//
// It is empty where .git is neither a folder nor such a file, and where what such a
// file names doesn't know of it: anybody can write a file that names anything.
func excludeFile(top string) string {
	folder := filepath.Join(top, ".git")
	if info, err := os.Lstat(folder); err != nil || !info.IsDir() {
		elsewhere, ok := strings.CutPrefix(pointer(folder), "gitdir: ")
		if !ok {
			return ""
		}
		elsewhere = from(top, elsewhere)
		if !worktreeOf(elsewhere, folder) && !submoduleOf(elsewhere, top) {
			return ""
		}
		folder = elsewhere
		if common := pointer(filepath.Join(folder, "commondir")); common != "" {
			folder = from(folder, common)
		}
	}
	return filepath.Join(folder, "info", "exclude")
}

// worktreeOf reports whether a git folder says that its worktree has this .git file.
func worktreeOf(folder, file string) bool {
	back := pointer(filepath.Join(folder, "gitdir"))
	if back == "" {
		return false
	}
	said, err := os.Lstat(from(folder, back))
	if err != nil {
		return false
	}
	have, err := os.Lstat(file)
	return err == nil && os.SameFile(said, have)
}

// submoduleOf reports whether a git folder is one that a repository around top keeps
// for its submodules.
func submoduleOf(folder, top string) bool {
	for around := top; around != filepath.Dir(around); {
		around = filepath.Dir(around)
		rel, err := filepath.Rel(filepath.Join(around, ".git", "modules"), folder)
		if err == nil && rel != "." && filepath.IsLocal(rel) {
			return true
		}
	}
	return false
}

// pointer is the line that a file of git's consists of; empty if there is no such
// file.
func pointer(file string) string {
	if info, err := os.Lstat(file); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 8<<10)) // more than a path has
	if err != nil {
		return ""
	}
	return strings.TrimRight(string(text), "\r\n")
}

// from is path as seen from folder.
func from(folder, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}
