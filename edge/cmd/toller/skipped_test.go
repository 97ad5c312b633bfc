package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/mirror"
)

// What is not in an index is counted, listed when asked for, and remembered.
func TestSkipped(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "tree")
	in := func(name string) string { return filepath.Join(folder, name) }
	age(t, write(t, in("a.txt"), "a crane"))
	age(t, write(t, in("empty.txt"), ""))
	age(t, write(t, in("picture.png"), "\x89PNG\r\n\x1a\n\x00"))
	age(t, write(t, in("records.jsonl"), `{"text":"one"}`+"\n"+`{"text":2}`+"\n"))
	age(t, write(t, in(".hidden"), "x"))
	locked, err := os.ReadFile("../../../testdata/formats/pdf/user_password.pdf")
	if err != nil {
		t.Fatal(err)
	}
	age(t, write(t, in("locked.pdf"), string(locked)))
	index := filepath.Join(t.TempDir(), "index.db")
	want := "empty\t" + in("empty.txt") + "\thas no text\n" +
		"encrypted\t" + in("locked.pdf") + "\tis a PDF that opens with a password only\n" +
		"unsupported\t" + in("picture.png") + "\tis a picture\n" +
		"partial\t" + in("records.jsonl") + "\tline 2: field \"text\" is a number, expected a string\n"
	const left = "left out: 1 encrypted, 1 in part, 1 of no kind that toller reads (1 .png), 1 empty, 1 hidden; --skipped lists them"
	for range 2 { // the second time, not all of these are read
		toller(t, "", "index", "--index", index, folder).want(t, exitOK).says(t, left)
	}
	r := toller(t, "", "index", "--index", index, folder, "--skipped").want(t, exitOK)
	if first, list, _ := strings.Cut(r.stdout, "\n"); !strings.HasPrefix(first, "5 files: 2 unchanged") || list != want {
		t.Errorf("listed %q\nwant %q", r.stdout, want)
	}
	got, _ := indexJSON(t, index, folder)
	var whys []mirror.Why
	for _, s := range got.Skipped {
		whys = append(whys, s.Why)
	}
	if !slices.Equal(whys, []mirror.Why{"empty", "encrypted", "unsupported", "partial"}) || got.LeftOut.Encrypted != 1 || got.LeftOut.Kinds[".png"] != 1 || got.LeftOut.Hidden != 1 {
		t.Errorf("skipped %+v, left out %+v", got.Skipped, got.LeftOut)
	}
	r = toller(t, "", "status", "--index", index, "--skipped").want(t, exitOK)
	if r.stdout != want {
		t.Errorf("status lists %q", r.stdout)
	}
	toller(t, "", "status", "--index", index).want(t, exitOK).says(t, "")
	if r = toller(t, "", "status", "--index", index); !strings.Contains(r.stdout, "1 encrypted, 1 partial, 1 unsupported, 1 empty; --skipped lists them") {
		t.Errorf("status says %q", r.stdout)
	}
	var status indexStatus
	runJSON(t, &status, "status", "--index", index, "--skipped")
	if len(status.LeftOut) != 4 || status.LeftOut[mirror.Encrypted] != 1 || len(status.Skipped) != 4 || status.Skipped[1].Path != in("locked.pdf") {
		t.Errorf("status: %+v", status)
	}
	toller(t, "", "rm", "--index", index, in("locked.pdf")).want(t, exitOK)
	if r = toller(t, "", "status", "--index", index, "--skipped"); strings.Contains(r.stdout, "locked") {
		t.Errorf("after rm: %q", r.stdout)
	}
}

// Patterns that have no effect are said, and none empties an index.
func TestPatternsWithoutEffect(t *testing.T) {
	folder := mixed(t)
	index := indexed(t, folder)
	before := keys(t, index, folder)
	for _, pattern := range []string{"calcium", "docs/", "*.doc"} {
		r := toller(t, "", "index", "--index", index, folder, "--include", pattern).want(t, exitOK)
		r.says(t, `the pattern "`+pattern+`" matches nothing`, "--include leaves nothing of "+folder+": what the index has of it stays")
	}
	wantKeys(t, index, folder, before...)
	for _, command := range [][]string{{"index", "--index", index, folder}, {"rank", "x", folder}} {
		r := toller(t, "", append(command, "--exclude", "calzium.md", "--exclude", "*.csv")...).want(t, exitOK)
		if r.says(t, `the pattern "calzium.md" matches nothing`); strings.Contains(r.stderr, "csv") {
			t.Error(r.stderr)
		}
	}
}
