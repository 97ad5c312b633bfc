package newfile

import (
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestFile(t *testing.T) {
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
	create := func(force bool) *File {
		f, err := Create(path, force)
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
	f.Discard()
	if got := names(); len(got) != 0 {
		t.Errorf("discarded: %q", got)
	}
	create(false)
	RemoveUnfinished()
	if got := names(); len(got) != 0 {
		t.Errorf("abandoned: %q", got)
	}
	f = create(false)
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	f.Discard()
	RemoveUnfinished()
	if got := names(); len(got) != 1 || got[0] != "out" {
		t.Errorf("committed: %q", got)
	}
	if _, err := Create(path, false); err == nil {
		t.Error("an existing file is overwritten")
	}
	f = create(true)
	if err := f.Commit(); err != nil {
		t.Error(err)
	}
}
