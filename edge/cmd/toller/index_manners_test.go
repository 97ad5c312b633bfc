package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/toller-search/toller/edge/mirror"
)

// A touched file has its new time in the index after one run.
func TestIndexTouched(t *testing.T) {
	folder := t.TempDir()
	path := age(t, write(t, filepath.Join(folder, "a.txt"), "The crane was oiled."))
	index := indexed(t, folder)
	at := time.Date(2031, 6, 1, 0, 0, 0, 0, time.UTC)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
	if got, _ := indexJSON(t, index, folder); got.counts() != (counts{files: 1, unchanged: 1}) {
		t.Errorf("touched: %+v", got.counts())
	}
	if got := searchJSON(t, index, "crane", "--filter", "time >= 2031-05-31"); len(got.Hits) != 1 {
		t.Errorf("by its new time: %+v", got.Hits)
	}
}

// Another field is another reading of the file, and is said.
func TestIndexOtherField(t *testing.T) {
	folder := t.TempDir()
	age(t, write(t, filepath.Join(folder, "a.csv"), "text,body\nnothing,The crane was oiled.\n"))
	index := indexed(t, folder)
	got, r := indexJSON(t, index, folder, "--text-field", "body")
	r.says(t, "1 file read again, which had not changed, because of other options")
	if got.Updated != 1 || got.Reread != 1 {
		t.Errorf("found %+v", got)
	}
	if got := searchJSON(t, index, "crane oiled", "--mode", "lexical"); len(got.Hits) != 1 {
		t.Errorf("found %+v", got.Hits)
	}
}

// A folder without its disk keeps its documents, until --prune.
func TestIndexEmptied(t *testing.T) {
	folder := mixed(t)
	beside := filepath.Dir(age(t, write(t, filepath.Join(t.TempDir(), "b.txt"), "It is beside")))
	index := indexed(t, folder, beside)
	if err := os.Rename(folder, folder+".away"); err != nil {
		t.Fatal(err)
	}
	os.Mkdir(folder, 0o755)
	want := mirror.Kept{Folder: folder, Files: 6, Why: "is quite empty"}
	got, r := indexJSON(t, index, folder, beside)
	r.says(t, folder+" is quite empty; the index keeps 6 files", "--prune")
	if got.Documents != 9 || got.Removed != 0 || len(got.Kept) != 1 || got.Kept[0] != want {
		t.Errorf("found %+v", got)
	}
	toller(t, "", "index", "--index", index, folder).want(t, exitFailure).says(t, "the index keeps 6 files", "none of 1 path could be read")
	if got := searchJSON(t, index, "calcium", "--mode", "lexical"); len(got.Hits) == 0 {
		t.Error("what is kept isn't found")
	}
	if got, _ := indexJSON(t, index, folder, "--prune"); got.Removed != 6 || got.Documents != 1 || len(got.Kept) > 0 {
		t.Errorf("pruned: %+v", got)
	}
}

// A thousand files of another name are not encoded again.
func TestIndexMoved(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "notes")
	const files = 1000
	for i := range files {
		age(t, write(t, filepath.Join(folder, fmt.Sprintf("%d.txt", i)), fmt.Sprintf("Note %d.", i)))
	}
	index := indexed(t, folder)
	before := searchJSON(t, index, "note 77", "-k", "1").Hits[0]
	for i := range files {
		to := filepath.Join(folder, fmt.Sprint(i%7), fmt.Sprintf("note %d.txt", i))
		os.MkdirAll(filepath.Dir(to), 0o755)
		if err := os.Rename(filepath.Join(folder, fmt.Sprintf("%d.txt", i)), to); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := indexJSON(t, index, folder)
	if got.Moved != files || got.Added != files || got.Removed != files || got.Documents != files {
		t.Errorf("found %+v", got)
	}
	after := searchJSON(t, index, "note 77", "-k", "1").Hits[0]
	if after.Score != before.Score || !strings.HasSuffix(after.Path, "note "+filepath.Base(before.Path)) {
		t.Errorf("found %+v, before %+v", after, before)
	}
	toller(t, "", "check", "--index", index).want(t, exitOK)
}
