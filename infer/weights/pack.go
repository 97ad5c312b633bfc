package weights

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/toller-search/toller/infer/simd"
)

// Files that opening a model reads, where they exist, in addition to each
// module's config.json: those of the checkpoint itself, and those in the
// backbone's folder.
var (
	rootFiles = []string{
		modulesFile,
		configFile, // also where the backbone has another in its folder: it names an architecture
		"config_sentence_transformers.json",
		"artifact.metadata",
	}
	backboneFiles = []string{
		"sentence_bert_config.json",
		tokenizerFile,
		"tokenizer_config.json",
		"special_tokens_map.json",
		"added_tokens.json",
	}
)

const (
	tokenizerFile = "tokenizer.json"

	// vocabularyFile is read where there is no tokenizer.json. It is the only one
	// that isn't JSON.
	vocabularyFile = "vocab.txt"
)

// Pack writes the checkpoint in its one-file form, the weights converted to the
// type given, rounded to nearest even. The JSON files go in without their white
// space, otherwise unchanged, and buffers not at all. The same checkpoint always
// gives the same bytes, and packing a packed checkpoint in the same way changes
// nothing.
//
// The backbone's tensors that are named in rows, which must be tables [n, m],
// are written in I8 instead: a byte for each value and a scale for each row.
//
// A weight too large for the type is an error that names the tensor; errors
// other than w's own come before anything is written. w must not be a file that
// c is open on.
func Pack(w io.Writer, c *Checkpoint, to simd.DType, rows ...string) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if err := c.pack(w, to, rows); err != nil {
		return fmt.Errorf("weights: pack %s: %w", c.name, err)
	}
	return nil
}

func (c *Checkpoint) pack(w io.Writer, to simd.DType, rows []string) error {
	if c.closed {
		return fs.ErrClosed
	}
	if err := checkFloat(to); err != nil {
		return err
	}
	tensors, err := c.packedTensors()
	if err != nil {
		return err
	}
	files, err := c.compactFiles()
	if err != nil {
		return err
	}
	files[formatKey] = formatVersion
	list, err := c.outputs(tensors, to, rows)
	if err != nil {
		return err
	}
	return writeTensors(w, files, list)
}

// packedTensors returns the tensors of all modules under the names that they
// have in a packed checkpoint, sorted by name.
func (c *Checkpoint) packedTensors() ([]Tensor, error) {
	var all []Tensor
	for module, tensors := range c.modules {
		for name, t := range tensors {
			if strings.Contains(name, "/") {
				return nil, fmt.Errorf("tensor %q of module %q: a packed checkpoint can't have '/' in a tensor's name", name, module)
			}
			t.Name = path.Join(module, name)
			all = append(all, t)
		}
	}
	slices.SortFunc(all, func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// outputs says how each of the tensors is written: in the type to, or where it
// is one of rows, in I8.
func (c *Checkpoint) outputs(tensors []Tensor, to simd.DType, rows []string) ([]output, error) {
	for _, name := range rows {
		t, ok := c.modules[c.paths[0]][name]
		if !ok {
			return nil, fmt.Errorf("there is no tensor %q to be stored in I8", name)
		}
		if len(t.Shape) != 2 {
			return nil, fmt.Errorf("tensor %q: only tables can be stored in I8, found shape %d", name, t.Shape)
		}
		if _, taken := c.modules[c.paths[0]][name+scaleSuffix]; taken {
			return nil, fmt.Errorf("tensor %q can't be stored in I8: there is already a tensor %q", name, name+scaleSuffix)
		}
	}
	var list []output
	for _, t := range tensors {
		module, name := splitName(t.Name)
		if module != c.paths[0] || !slices.Contains(rows, name) {
			list = append(list, output{Tensor: t, to: to})
			continue
		}
		scales := t.rowScales()
		list = append(list, output{t, simd.I8, scales}, output{Tensor: scaleTensor(t.Name, scales), to: simd.F32})
	}
	if len(list) > maxTensors {
		return nil, fmt.Errorf("%d tensors, more than the %d that one file may have", len(list), maxTensors)
	}
	return list, nil
}

// configFiles are the names of the JSON files that opening a model reads, where
// they exist.
func (c *Checkpoint) configFiles() []string {
	names := slices.Clone(rootFiles)
	for _, name := range backboneFiles {
		names = append(names, path.Join(c.paths[0], name))
	}
	for _, module := range c.paths {
		names = append(names, path.Join(module, configFile))
	}
	return names
}

// compactFiles returns the text of the files that a packed checkpoint carries.
func (c *Checkpoint) compactFiles() (map[string]string, error) {
	files := map[string]string{}
	for _, name := range c.configFiles() {
		text, err := c.read(name, maxFile)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, text); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		files[name] = compact.String()
	}
	if _, ok := files[path.Join(c.paths[0], tokenizerFile)]; !ok {
		name := path.Join(c.paths[0], vocabularyFile)
		text, err := c.read(name, maxFile)
		if err == nil {
			files[name] = string(text)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	for name, text := range files {
		if !utf8.ValidString(text) {
			return nil, fmt.Errorf("%s is not valid UTF-8", name)
		}
	}
	return files, nil
}
