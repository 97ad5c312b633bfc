package weights

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// A packed checkpoint has this key in its metadata, with the version of the
// layout. The other keys are the names of its files, with their text. The
// tensors are those of all modules: the backbone's under their plain names, the
// other modules' as "<module>/<name>".
const (
	formatKey     = "toller.format"
	formatVersion = "1"
)

// packedFiles are the files in a packed checkpoint's metadata, undecoded.
type packedFiles map[string][]byte

func (p packedFiles) read(name string, limit int) ([]byte, error) {
	raw, ok := p[name]
	if !ok {
		return nil, fmt.Errorf("no %s in the packed file: %w", name, fs.ErrNotExist)
	}
	text := unquote(raw)
	if len(text) > limit {
		return nil, fmt.Errorf("%s has %d bytes, more than the %d allowed", name, len(text), limit)
	}
	return text, nil
}

// openPackedFile maps and opens a packed checkpoint.
func (c *Checkpoint) openPackedFile(path string) error {
	content, err := c.mapFile(path)
	if err != nil {
		return err
	}
	defer release(content)
	return c.openPacked(content)
}

// openPacked opens a packed checkpoint.
func (c *Checkpoint) openPacked(content []byte) error {
	f, err := parseFile(content)
	if err != nil {
		return err
	}
	version, ok := f.metadata[formatKey]
	if !ok {
		return fmt.Errorf("not a packed checkpoint: its metadata lack %s; open the directory that it belongs to, or pack that", formatKey)
	}
	if got := string(unquote(version)); got != formatVersion {
		return fmt.Errorf("packed with %s %q, expected %q", formatKey, got, formatVersion)
	}
	delete(f.metadata, formatKey)
	c.source = packedFiles(f.metadata)
	if _, ok := f.metadata[configFile]; !ok {
		return fmt.Errorf("no %s in the packed file", configFile)
	}
	if err := c.readModules(); err != nil {
		return err
	}
	for _, t := range f.tensors {
		module, name := "", t.Name
		if i := strings.LastIndexByte(t.Name, '/'); i > 0 {
			module, name = t.Name[:i], t.Name[i+1:]
		}
		if !slices.Contains(c.paths, module) {
			return fmt.Errorf("tensor %q belongs to a module that %s doesn't list", t.Name, modulesFile)
		}
		if c.modules[module] == nil {
			c.modules[module] = map[string]Tensor{}
		}
		t.Name = name
		c.modules[module][name] = t
	}
	if c.modules[""] == nil {
		return errors.New("no weights of the backbone in the packed file")
	}
	if err := checkFinite(f.tensors); err != nil {
		return err
	}
	for module, tensors := range c.modules {
		if err := joinScales(module, tensors); err != nil {
			return err
		}
	}
	return nil
}
