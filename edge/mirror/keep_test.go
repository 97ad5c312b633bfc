package mirror

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Files whose folder, or what there is left of the way to it, lies on another device
// than they did are kept, unless others show that the device has another number now.
func TestKeepDevices(t *testing.T) {
	root := t.TempDir()
	info, err := os.Stat(root)
	if err != nil {
		t.Fatal(err)
	}
	id, ok := identify(info)
	if !ok {
		t.Log("the system doesn't tell devices")
		return
	}
	here := foldDevice(id.device)
	there := here + 1
	if err := os.Mkdir(filepath.Join(root, "disk"), 0o755); err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(root, filepath.FromSlash(name)) }
	on := func(device uint16) storedFile { return storedFile{{stamp: stamp{device: device}}} }
	found := func(before, now uint16) []sourceFile {
		return []sourceFile{{key: in("found"), stored: on(before), state: fileState{device: now}}}
	}
	for _, test := range []struct {
		name  string
		files []sourceFile
		kept  []Kept
	}{
		{"others are where they were", found(here, here), []Kept{{root, 1, whyDevice}, {in("disk"), 2, whyDevice}}},
		{"others are on the disk", found(there, there), []Kept{{root, 1, whyDevice}, {in("disk"), 2, whyDevice}}},
		{"the disk has another number", found(there, here), []Kept{}},
		{"a former version didn't know", found(0, here), []Kept{{root, 1, whyDevice}, {in("disk"), 2, whyDevice}}},
	} {
		gone := map[string]storedFile{
			in("disk/a"): on(there), in("disk/deep/b"): on(there), in("ejected/c"): on(there),
			in("disk/d"): on(here), in("e"): on(here), in("f"): on(0),
		}
		tree := &tree{files: test.files, folders: []string{root}}
		if kept := tree.keep(gone); !slices.Equal(kept, test.kept) {
			t.Errorf("%s: kept %+v, want %+v", test.name, kept, test.kept)
		}
		left := 3
		if len(test.kept) == 0 {
			left = 6
		}
		if len(gone) != left {
			t.Errorf("%s: gone are %v", test.name, gone)
		}
	}
}
