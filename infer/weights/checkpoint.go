package weights

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/toller-search/toller/infer/simd"
)

// Files that both forms of a checkpoint have.
const (
	configFile  = "config.json"
	modulesFile = "modules.json"
)

// Limits on the files beside the weights, in bytes, and on the modules. A
// tokenizer may be large; modules.json is parsed here, where it takes several
// times its size in memory.
const (
	maxFile        = 64 << 20
	maxModulesFile = 64 << 10
	maxModules     = 64
)

// Checkpoint is an open checkpoint. It never changes while it is open, and any
// number of goroutines may use it.
type Checkpoint struct {
	name    string
	source  source
	paths   []string                     // of the modules in modules.json; the first is the backbone's
	modules map[string]map[string]Tensor // those with weights
	buffers map[string][]Buffer          // by module

	mu     sync.RWMutex // excludes Close from reads of the mappings
	closed bool
	mapped [][]byte
}

// source is where a checkpoint's files other than the weights come from.
type source interface {
	// read returns the file of that local name, or an error that wraps
	// fs.ErrNotExist. A file of more than limit bytes is an error.
	read(name string, limit int) ([]byte, error)
}

// Open opens a checkpoint: a directory, or a packed file. The weights are
// mapped and checked in full. Modules without weights, such as pooling, need no
// file.
func Open(path string) (*Checkpoint, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	c := newCheckpoint(path)
	if info.IsDir() {
		err = c.openFolder(directory(path))
	} else {
		err = c.openPackedFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("weights: %s: %w", path, errors.Join(err, c.Close()))
	}
	return c, nil
}

// OpenBytes opens a packed checkpoint that is already in memory, such as an
// embedded one. It is not copied and must not change; the name is used in
// messages only.
func OpenBytes(name string, packed []byte) (*Checkpoint, error) {
	c := newCheckpoint(name)
	if err := c.openPacked(packed); err != nil {
		return nil, fmt.Errorf("weights: %s: %w", name, err)
	}
	return c, nil
}

// OpenFiles opens a checkpoint in the hub's layout whose files are in memory
// already, by their slash-separated names in it. They are not copied and must not
// change; the name is used in messages only.
func OpenFiles(name string, files map[string][]byte) (*Checkpoint, error) {
	c := newCheckpoint(name)
	if err := c.openFolder(memory(files)); err != nil {
		return nil, fmt.Errorf("weights: %s: %w", name, err)
	}
	return c, nil
}

func newCheckpoint(name string) *Checkpoint {
	return &Checkpoint{name: name, modules: map[string]map[string]Tensor{}, buffers: map[string][]Buffer{}}
}

// Name returns the path that the checkpoint was opened by, for messages.
func (c *Checkpoint) Name() string { return c.name }

// ReadFile returns a copy of the configuration file of that slash-separated
// name, such as "config.json", "1_Dense/config.json" or "tokenizer.json". The
// error is fs.ErrNotExist if there is none, and fs.ErrClosed after Close. Files
// of more than 64 MB are refused.
func (c *Checkpoint) ReadFile(name string) ([]byte, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	text, err := c.read(name, maxFile)
	if err != nil {
		return nil, fmt.Errorf("weights: %s: %w", c.name, err)
	}
	return text, nil
}

func (c *Checkpoint) read(name string, limit int) ([]byte, error) {
	if c.closed {
		return nil, fs.ErrClosed
	}
	if err := checkLocal(name); err != nil {
		return nil, err
	}
	return c.source.read(name, limit)
}

// Tensors returns the tensors of the module at that path in modules.json: the
// backbone's, which is mostly "", then "1_Dense" and so on. Without modules.json
// there is "" alone. The names are those in the module's own file. The error is fs.ErrNotExist if the module has no weights,
// and fs.ErrClosed after Close. The map is the caller's own.
func (c *Checkpoint) Tensors(module string) (map[string]Tensor, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return nil, fmt.Errorf("weights: %s: %w", c.name, fs.ErrClosed)
	}
	tensors, ok := c.modules[module]
	if !ok {
		return nil, fmt.Errorf("weights: %s: no weights for module %q (%s): %w", c.name, module, path.Join(module, weightsFile), fs.ErrNotExist)
	}
	return maps.Clone(tensors), nil
}

// Buffers returns the arrays of integers and truth values that lie beside the
// module's tensors. Nothing of them is read, and Pack leaves them out.
func (c *Checkpoint) Buffers(module string) []Buffer {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.Clone(c.buffers[module])
}

// Close unmaps the weights: no tensor may be used from here on. It waits for
// calls of Pack and of c's methods. Closing a second time does nothing.
func (c *Checkpoint) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	for _, content := range c.mapped {
		err = errors.Join(err, unmap(content))
	}
	c.closed, c.mapped, c.modules = true, nil, nil
	if err != nil {
		return fmt.Errorf("weights: %s: %w", c.name, err)
	}
	return nil
}

// Trim lets the system take back the memory of the weights' pages, if they are mapped
// from a file; they are read again when they are needed. Tensors may be in use.
func (c *Checkpoint) Trim() {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, content := range c.mapped {
		release(content)
	}
}

// Backbone is the folder of the backbone, "" where that is the checkpoint itself.
func (c *Checkpoint) Backbone() string { return c.paths[0] }

// addModule takes what a module's file holds.
func (c *Checkpoint) addModule(module string, f *file) {
	if c.modules[module] == nil {
		c.modules[module] = make(map[string]Tensor, len(f.tensors))
	}
	for _, t := range f.tensors {
		c.modules[module][t.Name] = t
	}
	c.buffers[module] = append(c.buffers[module], f.buffers...)
}

// readModules reads the paths of the modules. A checkpoint without
// modules.json is a backbone alone; of one that has it, only what it lists counts.
func (c *Checkpoint) readModules() error {
	c.paths = []string{""}
	text, err := c.read(modulesFile, maxModulesFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var list []struct {
		Path string `json:"path"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return fmt.Errorf("%s: %w", modulesFile, err)
	}
	if len(list) > 0 {
		c.paths = nil
	}
	for _, module := range list {
		if slices.Contains(c.paths, module.Path) {
			continue
		}
		if module.Path != "" {
			if err := checkLocal(module.Path); err != nil {
				return fmt.Errorf("%s: path: %w", modulesFile, err)
			}
		}
		if len(c.paths) == maxModules {
			return fmt.Errorf("%s: more than %d modules", modulesFile, maxModules)
		}
		c.paths = append(c.paths, module.Path)
	}
	return nil
}

// checkFinite refuses weights that are NaN or infinite.
func checkFinite(tensors []Tensor) error {
	for _, t := range tensors {
		if i := nonFinite(t.DType, t.Data); i >= 0 {
			var value [1]float32
			simd.Widen(value[:], t.DType, t.Data[i*t.DType.Size():])
			return fmt.Errorf("tensor %q of shape %d: element %d is %v", t.Name, t.Shape, i, value[0])
		}
	}
	return nil
}

// checkLocal refuses a name that might lead out of the checkpoint, or that
// means different files on different systems.
func checkLocal(name string) error {
	if name == "." || !fs.ValidPath(name) || strings.ContainsAny(name, "\\\x00") || !filepath.IsLocal(filepath.FromSlash(name)) {
		return fmt.Errorf("%q is not a plain path inside the checkpoint", name)
	}
	return nil
}
