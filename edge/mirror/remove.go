package mirror

import (
	"context"
	"maps"
	"path/filepath"
	"slices"

	"github.com/toller-search/toller/edge/index"
)

// Removal is what [Remove] did.
type Removal struct {
	Removed int      // entries
	Keys    []string // theirs
	Unknown []string // names of which there was nothing
}

// Remove takes out of an index what names stand for: the key of an entry, or the
// path of a file or folder, with all entries that came from there, whether or not
// it still exists.
func Remove(ctx context.Context, x *index.Index, names ...string) (Removal, error) {
	hashes, err := x.Hashes(ctx)
	if err != nil {
		return Removal{}, err
	}
	stored := storedFiles(hashes)
	skipped := &rejects{index: x}
	if skipped.all, err = storedSkipped(ctx, x); err != nil {
		return Removal{}, err
	}
	forgotten := map[string]Skipped{}
	keys := map[string]bool{}
	r := Removal{Unknown: []string{}}
	for _, name := range names {
		before := len(keys) + len(forgotten)
		if _, ok := hashes[name]; ok {
			keys[name] = true
			continue
		}
		path, err := filepath.Abs(name)
		if err != nil {
			return r, err
		}
		if _, ok := hashes[path]; ok { // a record of a file, from the folder that the user is in
			keys[path] = true
		}
		for file, entries := range stored {
			if within(file, []string{path}) {
				for _, e := range entries {
					keys[e.key] = true
				}
			}
		}
		for file := range skipped.all {
			if within(file, []string{path}) {
				forgotten[file] = Skipped{}
			}
		}
		if len(keys)+len(forgotten) == before {
			r.Unknown = append(r.Unknown, name)
		}
	}
	r.Keys = slices.AppendSeq([]string{}, maps.Keys(keys))
	slices.Sort(r.Keys)
	if r.Removed, err = remove(ctx, x, r.Keys); err != nil {
		return r, err
	}
	if err := skipped.change(ctx, forgotten); err != nil {
		return r, err
	}
	return r, forgetGlances(ctx, x, names)
}
