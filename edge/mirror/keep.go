package mirror

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Kept is a folder whose files are not there, and yet are hardly deleted.
type Kept struct {
	Folder string `json:"folder"` // its absolute path
	Files  int    `json:"files"`  // that the index keeps
	Why    string `json:"why"`
}

const (
	whyEmpty  = "is quite empty"
	whyDevice = "is not on the disk that its files were on"
)

// keep takes out of gone what was hardly deleted: the files of a path that is quite
// empty now, as a mount point is without its disk, and those whose folder now lies on
// another device than they did. To delete all other files of a folder, or half of one's
// notes, is everybody's right.
//
// Numbers of devices may change when a disk comes back. Where a file is still there
// under a new number, the others of the old number are looked for under it.
func (t *tree) keep(gone map[string]storedFile) []Kept {
	type place struct{ before, now uint16 }
	renumbered := map[place]bool{}
	for _, f := range t.files {
		if before := f.stored.device(); before != 0 {
			renumbered[place{before, f.state.device}] = true
		}
	}
	kept := map[string]*Kept{}
	keep := func(file, folder, why string) {
		delete(gone, file)
		if kept[folder] == nil {
			kept[folder] = &Kept{Folder: folder, Why: why}
		}
		kept[folder].Files++
	}
	devices := map[string]device{}
	for file, entries := range gone {
		if root := around(file, t.empty); root != "" {
			keep(file, root, whyEmpty)
			continue
		}
		now := deviceOf(filepath.Dir(file), devices)
		if before := entries.device(); before != 0 && now.number != 0 && before != now.number && !renumbered[place{before, now.number}] {
			keep(file, now.folder, whyDevice)
		}
	}
	all := make([]Kept, 0, len(kept))
	for _, k := range kept {
		all = append(all, *k)
	}
	slices.SortFunc(all, func(a, b Kept) int { return strings.Compare(a.Folder, b.Folder) })
	return all
}

// device is the one that a folder lies on, or else the nearest folder around it that
// is there.
type device struct {
	folder string
	number uint16
}

// deviceOf finds the device of a folder. known has those that were asked for before.
func deviceOf(folder string, known map[string]device) device {
	if d, ok := known[folder]; ok {
		return d
	}
	d := device{folder: folder}
	info, err := os.Stat(folder)
	switch {
	case err == nil:
		if id, ok := identify(info); ok {
			d.number = foldDevice(id.device)
		}
	case filepath.Dir(folder) != folder:
		d = deviceOf(filepath.Dir(folder), known)
	}
	known[folder] = d
	return d
}

// around is the one of these folders that a file lies in, or empty.
func around(file string, folders []string) string {
	for _, folder := range folders {
		if within(file, []string{folder}) {
			return folder
		}
	}
	return ""
}

// bare reports whether there is nothing in a folder, but for names that begin with a
// dot.
func bare(folder string) bool {
	f, err := os.Open(folder)
	if err != nil {
		return false
	}
	defer f.Close()
	for {
		names, err := f.Readdirnames(100)
		if slices.ContainsFunc(names, func(name string) bool { return !strings.HasPrefix(name, ".") }) {
			return false
		}
		if err != nil {
			return true
		}
	}
}

// goneNotes are the notes to be removed of files that aren't there any more.
func (t *tree) goneNotes(glances map[string]glance) map[string]string {
	notes := map[string]string{}
	if len(glances) == 0 {
		return notes
	}
	there := make(map[string]bool, len(t.files))
	for _, f := range t.files {
		there[f.key] = true
	}
	for file := range glances {
		if !there[file] && within(file, t.folders) && !within(file, t.blocked) && !within(file, t.empty) {
			notes[glancePrefix+file] = ""
		}
	}
	return notes
}
