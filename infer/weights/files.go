package weights

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
)

// Files are the files of a checkpoint in the hub's layout that opening it reads.
type Files struct {
	Configuration []string // of [Checkpoint.ReadFile], those that are there, each once
	Absent        []string // what would be read too and isn't there
	Weights       []string // safetensors, each once
}

// ListFiles says which files of a checkpoint in the hub's layout opening it reads,
// before they are at hand: of those that there are, by their slash-separated
// names. read returns the content of one of them, and is asked only for those that
// say which others count. The name is used in messages.
//
// What isn't a checkpoint in this layout, or has no weights that can be read, is
// refused as [Open] would.
func ListFiles(name string, there []string, read func(name string) ([]byte, error)) (Files, error) {
	names := make(map[string]bool, len(there))
	for _, n := range there {
		names[n] = true
	}
	c := newCheckpoint(name)
	files, err := c.list(listed{names, read})
	if err != nil {
		return Files{}, fmt.Errorf("weights: %s: %w", name, err)
	}
	return files, nil
}

func (c *Checkpoint) list(d listed) (Files, error) {
	if err := c.openListing(d); err != nil {
		return Files{}, err
	}
	var f Files
	add := func(name string) {
		if d.names[name] {
			f.Configuration = append(f.Configuration, name)
		} else {
			f.Absent = append(f.Absent, name)
		}
	}
	for _, name := range c.configFiles() {
		add(name)
	}
	if !d.names[path.Join(c.paths[0], tokenizerFile)] {
		add(path.Join(c.paths[0], vocabularyFile))
	}
	for _, module := range c.paths {
		file, err := storedIn(d, module)
		switch {
		case err != nil:
			return Files{}, err
		case file == "" && module == c.paths[0]:
			return Files{}, noWeights(module)
		case file == "":
			continue
		case path.Base(file) != shardsFile:
			f.Weights = append(f.Weights, file)
			continue
		}
		f.Configuration = append(f.Configuration, file)
		places, err := c.readShards(file)
		if err != nil {
			return Files{}, err
		}
		for _, shard := range slices.Compact(slices.Sorted(maps.Values(places))) {
			name := path.Join(module, shard)
			if !d.names[name] {
				return Files{}, fmt.Errorf("%s, which %s names: %w", name, file, fs.ErrNotExist)
			}
			f.Weights = append(f.Weights, name)
		}
	}
	for _, list := range []*[]string{&f.Configuration, &f.Absent, &f.Weights} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return f, nil
}

// OpenConfiguration opens what is known of a checkpoint without its weights: the
// files that aren't weights, in memory, by name. It has no tensors.
func OpenConfiguration(name string, files map[string][]byte) (*Checkpoint, error) {
	c := newCheckpoint(name)
	if err := c.openListing(memory(files)); err != nil {
		return nil, fmt.Errorf("weights: %s: %w", name, err)
	}
	return c, nil
}

// listed is a folder whose files have yet to come.
type listed struct {
	names   map[string]bool
	content func(name string) ([]byte, error)
}

func (l listed) has(name string) (bool, error) { return l.names[name], nil }

func (l listed) read(name string, limit int) ([]byte, error) {
	if !l.names[name] {
		return nil, fmt.Errorf("no %s among the files: %w", name, fs.ErrNotExist)
	}
	text, err := l.content(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(text) > limit {
		return nil, fmt.Errorf("%s has %d bytes, more than the %d allowed", name, len(text), limit)
	}
	return text, nil
}
