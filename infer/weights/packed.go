package weights

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// A packed checkpoint has this key in its metadata, with the version of the
// layout. The other keys are the names of its files, with their text. The
// tensors are those of all modules: those of the module "", which is the
// backbone where it has no folder, under their plain names, the others as
// "<module>/<name>".
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
	if err := c.readModules(); err != nil {
		return err
	}
	if config := path.Join(c.paths[0], configFile); f.metadata[config] == nil {
		return fmt.Errorf("no %s in the packed file", config)
	}
	modules := map[string]*file{}
	for name := range f.names() {
		module, _ := splitName(name)
		if !slices.Contains(c.paths, module) {
			return fmt.Errorf("tensor %q belongs to a module that %s doesn't list", name, modulesFile)
		}
		modules[module] = &file{}
	}
	if modules[c.paths[0]] == nil {
		return errors.New("no weights of the backbone in the packed file")
	}
	for _, t := range f.tensors {
		module, name := splitName(t.Name)
		t.Name = name
		modules[module].tensors = append(modules[module].tensors, t)
	}
	for _, b := range f.buffers {
		module, name := splitName(b.Name)
		b.Name = name
		modules[module].buffers = append(modules[module].buffers, b)
	}
	for module, of := range modules {
		c.addModule(module, of)
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

// splitName takes the name of a tensor in a packed checkpoint apart.
func splitName(packed string) (module, name string) {
	if i := strings.LastIndexByte(packed, '/'); i > 0 {
		return packed[:i], packed[i+1:]
	}
	return "", packed
}
