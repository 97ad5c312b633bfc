package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestSame(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	for _, dir := range []string{first, second} {
		write(t, filepath.Join(dir, "same"), "text")
	}
	if err := same(first, second); err != nil {
		t.Errorf("expected no difference, found %v", err)
	}
	write(t, filepath.Join(first, "other"), "text")
	write(t, filepath.Join(second, "other"), "texts")
	write(t, filepath.Join(first, "more"), "")
	write(t, filepath.Join(second, "most"), "")
	err := same(first, second)
	for _, want := range []string{"other: the builds differ", "more: only the first", "most: only the second"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "same:") {
		t.Errorf("a file that is the same is named: %v", err)
	}
}

func TestCollect(t *testing.T) {
	dist, release := t.TempDir(), t.TempDir()
	if err := collect(dist, release); err == nil {
		t.Error("an empty folder is no release")
	}
	for _, name := range []string{"toller_1_linux_amd64.tar.gz", "homebrew/toller.rb", "scoop/toller.json", "metadata.json", "toller_linux_amd64_v1/toller"} {
		write(t, filepath.Join(dist, filepath.FromSlash(name)), name)
	}
	if err := collect(dist, release); err != nil {
		t.Fatal(err)
	}
	found, err := sums(release)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"toller_1_linux_amd64.tar.gz", "toller.rb", "toller.json"} {
		if found[name] == nil {
			t.Errorf("%s is missing", name)
		}
	}
	if len(found) != 3 {
		t.Errorf("expected 3 files, found %d", len(found))
	}
}
