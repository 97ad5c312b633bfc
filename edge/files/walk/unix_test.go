//go:build unix

package walk

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

func TestUnreadable(t *testing.T) {
	// A .gitignore that is a folder, and one that leads round in circles, can't
	// be read even by root.
	root := tree(t, "a", "b/.gitignore/x", "b/c", "d/e", "f/g", "pipe/h")
	if err := os.Symlink(".gitignore", filepath.Join(root, "d/.gitignore")); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() != 0 {
		if err := os.Chmod(filepath.Join(root, "f"), 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(filepath.Join(root, "f"), 0o755) })
	}
	// Who opens a pipe that nobody writes into waits for ever.
	for _, name := range []string{"fifo", ".gitignore"} {
		if err := syscall.Mkfifo(filepath.Join(root, "pipe", name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var found []string
	errs := 0
	for e, err := range Walk(t.Context(), root, Options{}) {
		if err != nil {
			errs++
			continue
		}
		found = append(found, e.Rel)
	}
	want, wantErrs := []string{"a", "b/c", "d/e", "f/g", "pipe/h"}, 1
	if os.Getuid() != 0 {
		want, wantErrs = []string{"a", "b/c", "d/e", "pipe/h"}, 2
	}
	if !slices.Equal(found, want) || errs != wantErrs {
		t.Errorf("found %q with %d errors, want %q with %d", found, errs, want, wantErrs)
	}
}
