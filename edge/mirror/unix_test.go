//go:build linux || darwin

package mirror_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/files/walk"
	"github.com/toller-search/toller/edge/mirror"
)

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

// A file of several names is read once, under the first. When that goes, the next
// takes its place.
func TestLinks(t *testing.T) {
	f := folder(t.TempDir())
	f.write(t, "m.txt", "the cat")
	f.write(t, "rows.csv", "text\nthe dog\nthe bird\n")
	if err := os.Link(f.in("m.txt"), f.in("n.txt")); err != nil {
		t.Fatal(err)
	}
	link(t, "m.txt", f.in("a.txt"))
	link(t, "../rows.csv", f.in("z/rows.csv"))
	link(t, "z", f.in("loop"))
	x := newIndex(t)
	m := newEncoding(x, mirror.Options{})
	for _, step := range []struct {
		gone    string
		encoded int
		linked  int
		keys    []string
	}{
		{"", 3, 3, []string{"a.txt", "rows.csv#row 2", "rows.csv#row 3"}},
		{"a.txt", 0, 2, []string{"m.txt", "rows.csv#row 2", "rows.csv#row 3"}},
		{"m.txt", 0, 1, []string{"n.txt", "rows.csv#row 2", "rows.csv#row 3"}},
	} {
		os.Remove(f.in(step.gone))
		if r := m.round(t, step.encoded, string(f)); r.Linked != step.linked || len(r.Unreadable) > 0 {
			t.Errorf("without %q: %+v", step.gone, r)
		}
		f.wantKeys(t, x, step.keys...)
		if r := m.round(t, 0, string(f)); r.Changed() {
			t.Errorf("a second round: %+v", r)
		}
	}
	// Files that are equal and not the same are two.
	f.write(t, "o.txt", "the cat")
	if r := m.round(t, 1, string(f)); r.Added != 1 {
		t.Errorf("found %+v", r)
	}
	clean(t, x)
}

// Nothing that lies in a folder has anything read that lies outside it.
func TestTrust(t *testing.T) {
	secret := folder(filepath.Join(t.TempDir(), "home"))
	secret.write(t, "key.txt", "the violin of mine")
	secret.write(t, "ignore", "*.txt\n")
	secret.write(t, "info/exclude", "*.txt\n")
	f := folder(filepath.Join(t.TempDir(), "download"))
	f.write(t, "a.txt", "the cat")
	f.write(t, ".git/config", "the moon")
	link(t, secret.in("key.txt"), f.in("absolute.txt"))
	link(t, string(secret), f.in("folder"))
	link(t, "absolute.txt", f.in("twice.txt"))
	relative, err := filepath.Rel(string(f), secret.in("key.txt"))
	if err != nil {
		t.Fatal(err)
	}
	link(t, relative, f.in("relative.txt"))
	link(t, "../sub/../"+relative, f.in("sub/dots.txt"))
	link(t, "../.git/config", f.in("sub/config.txt"))
	link(t, secret.in("ignore"), f.in("sub/.gitignore"))
	f.write(t, "sub/b.txt", "the dog")
	f.write(t, "clone/.git", "gitdir: "+string(secret)+"\n")
	f.write(t, "clone/c.txt", "the bird")
	for _, patterns := range []string{"../../home/*", "/../*", strings.Repeat("*a", 1000) + "b", strings.Repeat("**/", 500) + "x", "[", "[[:", "\\", "!", "/", "//", "!../**", strings.Repeat("[a-", 5000)} {
		f.write(t, "odd/"+strings.Repeat("x", 1+len(patterns)%50)+"/.gitignore", patterns+"\n")
	}
	f.write(t, "odd/"+strings.Repeat("a", 200)+".txt", "the mat")
	x := newIndex(t)
	outside := map[string]bool{}
	m := newEncoding(x, mirror.Options{List: walk.Options{Skipped: func(path string, why walk.Reason) {
		if why == walk.LinkedOutside {
			outside[strings.TrimPrefix(path, string(f)+"/")] = true
		}
	}}})
	r := m.round(t, 4, string(f))
	f.wantKeys(t, x, "a.txt", "sub/b.txt", "clone/c.txt", "odd/"+strings.Repeat("a", 200)+".txt")
	for _, name := range []string{"absolute.txt", "twice.txt", "relative.txt", "sub/dots.txt", "sub/config.txt"} {
		if !outside[name] {
			t.Errorf("%s isn't named among %v", name, outside)
		}
	}
	if len(r.Unreadable) != 1 || r.Unreadable[0].Name != f.in("sub/.gitignore") {
		t.Errorf("unreadable: %+v", r.Unreadable)
	}
	// The repository that the file names is no other's.
	if r := m.round(t, 0, f.in("clone")); r.Files != 1 {
		t.Errorf("found %+v", r)
	}
	// Who names a link, or walks through one, means it.
	link(t, string(f), f.in("../named"))
	if r := newEncoding(newIndex(t), mirror.Options{}).round(t, 4, f.in("../named")); r.Files != 4 {
		t.Errorf("found %+v", r)
	}
	if r := newEncoding(newIndex(t), mirror.Options{}).round(t, 1, f.in("absolute.txt")); r.Files != 1 {
		t.Errorf("found %+v", r)
	}
}
