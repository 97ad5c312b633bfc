package weights

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
)

const (
	weightsFile = "model.safetensors"
	shardsFile  = "model.safetensors.index.json"
)

// pickledFiles are the names under which PyTorch stores weights that this
// package can't read.
var pickledFiles = []string{"pytorch_model.bin", "pytorch_model.bin.index.json"}

// maxShards caps the index in bytes: it takes several times that to parse.
const maxShards = 512 << 10

// A listing is a folder as far as one knows what is in it.
type listing interface {
	source
	// has reports whether there is something of that name.
	has(name string) (bool, error)
}

// A folder is where a checkpoint in the hub's layout lies.
type folder interface {
	listing
	// content returns a file of weights, which stays as it is until c is closed.
	content(c *Checkpoint, name string) ([]byte, error)
	// release is called when all of such a file has been looked through.
	release(content []byte)
}

// directory is a folder of the file system.
type directory string

// path returns where the file of that local name is.
func (d directory) path(name string) string {
	return filepath.Join(string(d), filepath.FromSlash(name))
}

func (d directory) has(name string) (bool, error) {
	_, err := os.Stat(d.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (d directory) read(name string, limit int) ([]byte, error) {
	f, size, err := openRegular(d.path(name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size > limit {
		return nil, fmt.Errorf("%s has %d bytes, more than the %d allowed", name, size, limit)
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(f, text); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return text, nil
}

func (d directory) content(c *Checkpoint, name string) ([]byte, error) {
	return c.mapFile(d.path(name))
}

func (d directory) release(content []byte) { release(content) }

// openFolder opens a checkpoint in the hub's layout.
func (c *Checkpoint) openFolder(d folder) error {
	if err := c.openListing(d); err != nil {
		return err
	}
	for _, module := range c.paths {
		if err := c.openModule(d, module); err != nil {
			return err
		}
	}
	if backbone := c.paths[0]; c.modules[backbone] == nil {
		return noWeights(backbone)
	}
	return nil
}

// openListing finds out which modules a checkpoint in the hub's layout has.
func (c *Checkpoint) openListing(d listing) error {
	c.source = d
	if err := c.readModules(); err != nil {
		return err
	}
	config := path.Join(c.paths[0], configFile)
	if ok, err := d.has(config); err != nil {
		return err
	} else if !ok {
		return fmt.Errorf("not a checkpoint directory: it has no %s", config)
	}
	return nil
}

func noWeights(backbone string) error {
	return fmt.Errorf("no weights: it has neither %s nor %s", path.Join(backbone, weightsFile), path.Join(backbone, shardsFile))
}

// openModule maps the weights of one module, if it has any.
func (c *Checkpoint) openModule(d folder, module string) error {
	file, err := storedIn(d, module)
	switch {
	case err != nil || file == "":
		return err
	case path.Base(file) == shardsFile:
		return c.openSharded(d, module, file)
	}
	return c.openSingle(d, module, file)
}

// storedIn is the file that has a module's weights, or that says which files
// have; "" for a module without weights.
func storedIn(d listing, module string) (string, error) {
	for _, name := range []string{weightsFile, shardsFile} {
		file := path.Join(module, name)
		if ok, err := d.has(file); err != nil || ok {
			return file, err
		}
	}
	for _, name := range pickledFiles {
		if ok, _ := d.has(path.Join(module, name)); ok {
			return "", fmt.Errorf("%s is missing and %s can't be read: only safetensors are; in Python, load the model and save it with safe_serialization=True", path.Join(module, weightsFile), path.Join(module, name))
		}
	}
	return "", nil
}

// openSingle maps the weights of a module that are all in one file.
func (c *Checkpoint) openSingle(d folder, module, file string) error {
	f, err := c.mapTensors(d, file)
	if err != nil {
		return err
	}
	c.addModule(module, f)
	if err := joinScales("", c.modules[module]); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// readShards reads an index: the file, beside it, that each tensor is in.
func (c *Checkpoint) readShards(index string) (places map[string]string, err error) {
	text, err := c.read(index, maxShards)
	if err != nil {
		return nil, err
	}
	var shards struct {
		WeightMap map[string]string `json:"weight_map"` // tensor to file name
	}
	if err := json.Unmarshal(text, &shards); err != nil {
		return nil, fmt.Errorf("%s: %w", index, err)
	}
	places = shards.WeightMap
	if len(places) == 0 || len(places) > maxTensors {
		return nil, fmt.Errorf("%s: weight_map has %d tensors, expected 1 to %d", index, len(places), maxTensors)
	}
	for _, shard := range places {
		if err := checkLocal(shard); err != nil {
			return nil, fmt.Errorf("%s: weight_map: %w", index, err)
		}
	}
	return places, nil
}

// openSharded maps the weights of a module that an index spreads over files.
func (c *Checkpoint) openSharded(d folder, module, index string) error {
	places, err := c.readShards(index)
	if err != nil {
		return err
	}
	found := make(map[string]bool, len(places))
	for _, shard := range slices.Compact(slices.Sorted(maps.Values(places))) {
		file := path.Join(module, shard)
		f, err := c.mapTensors(d, file)
		if err != nil {
			return err
		}
		for name := range f.names() {
			if places[name] != shard {
				return fmt.Errorf("%s has a tensor %q that %s doesn't place there", file, name, index)
			}
			found[name] = true
		}
		c.addModule(module, f)
	}
	for _, name := range slices.Sorted(maps.Keys(places)) {
		if !found[name] {
			return fmt.Errorf("%s lacks the tensor %q that %s places there", path.Join(module, places[name]), name, index)
		}
	}
	if err := joinScales("", c.modules[module]); err != nil {
		return fmt.Errorf("%s: %w", index, err)
	}
	return nil
}

// mapTensors maps and checks one safetensors file.
func (c *Checkpoint) mapTensors(d folder, name string) (*file, error) {
	content, err := d.content(c, name)
	if err != nil {
		return nil, err
	}
	defer d.release(content)
	f, err := parseFile(content)
	if err == nil {
		err = checkFinite(f.tensors)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}
