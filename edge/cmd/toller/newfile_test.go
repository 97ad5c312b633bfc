package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestNewFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	names := func() (names []string) {
		entries, err := os.ReadDir(filepath.Dir(path))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	create := func(force bool) *newFile {
		f, err := createFile(path, force)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(f, "text")
		return f
	}

	f := create(false)
	if got := names(); len(got) != 1 || got[0] == "out" {
		t.Errorf("half written: %q", got)
	}
	f.discard()
	if got := names(); len(got) != 0 {
		t.Errorf("discarded: %q", got)
	}
	create(false)
	removeUnfinished()
	if got := names(); len(got) != 0 {
		t.Errorf("abandoned: %q", got)
	}
	f = create(false)
	if err := f.commit(); err != nil {
		t.Fatal(err)
	}
	f.discard()
	removeUnfinished()
	if got := names(); len(got) != 1 || got[0] != "out" {
		t.Errorf("committed: %q", got)
	}
	if _, err := createFile(path, false); err == nil {
		t.Error("an existing file is overwritten")
	}
	f = create(true)
	if err := f.commit(); err != nil {
		t.Error(err)
	}
}
