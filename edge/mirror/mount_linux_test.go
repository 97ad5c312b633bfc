package mirror_test

import (
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/toller-search/toller/edge/mirror"
)

// mount mounts a file system in memory, or returns false where that isn't allowed.
func mount(t *testing.T, at string) bool {
	t.Helper()
	if err := os.MkdirAll(at, 0o755); err != nil {
		t.Fatal(err)
	}
	switch err := syscall.Mount("tmpfs", at, "tmpfs", 0, "size=1m"); err {
	case nil:
		t.Cleanup(func() { syscall.Unmount(at, syscall.MNT_DETACH) })
		return true
	case syscall.EPERM, syscall.EACCES:
		return false
	default:
		t.Fatal(err)
		return false
	}
}

func unmount(t *testing.T, at string) {
	t.Helper()
	if err := syscall.Unmount(at, 0); err != nil {
		t.Fatal(err)
	}
}

// A disk that is unmounted below a path keeps its files, by its empty folder and
// without one; one that is mounted again with fewer files has lost the others.
func TestUnmounted(t *testing.T) {
	f := notes(t)
	if !mount(t, f.in("disk")) {
		t.Log("mounting isn't allowed here; TestKeepDevices tries the rule alone")
		return
	}
	fill := func(names ...string) {
		for _, name := range names {
			f.write(t, "disk/"+name, "the milk of "+name)
		}
	}
	fill("a.txt", "b/c.txt")
	x := newIndex(t)
	m := newEncoding(x, mirror.Options{})
	m.round(t, 9, string(f))
	unmount(t, f.in("disk"))
	for _, folder := range []string{f.in("disk"), string(f)} {
		want := []mirror.Kept{{Folder: folder, Files: 2, Why: "is not on the disk that its files were on"}}
		if r := m.round(t, 0, string(f)); r.Changed() || r.BadPaths > 0 || !slices.Equal(r.Kept, want) {
			t.Errorf("found %+v, want %+v", r, want)
		}
		os.Remove(f.in("disk"))
	}
	mount(t, f.in("disk"))
	fill("a.txt") // another file by its number, and by its contents the same
	if r := m.round(t, 0, string(f)); r.Removed > 1 || r.Removed+len(r.Kept) != 1 {
		t.Errorf("found %+v", r)
	}
	if r := update(t, mirror.New(x, mirror.Options{Prune: true}), string(f)); len(r.Kept) > 0 {
		t.Errorf("found %+v", r)
	}
	f.wantKeys(t, x, "animals/bird.txt", "animals/dog.txt", "cat.md", "food.csv#row 2", "food.csv#row 3", "records.jsonl#a", "records.jsonl#b", "disk/a.txt")
	clean(t, x)
}
