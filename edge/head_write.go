package edge

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"github.com/toller-search/toller/heads"
	"github.com/toller-search/toller/infer"
	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/weights"
)

// headFolder is where WriteHead puts a head.
const headFolder = "1_Head"

// backboneType is the type of the first module where WriteHead has to make a
// modules.json.
const backboneType = "sentence_transformers.models.Transformer"

// WriteHead gives the checkpoint in dir a head: what a training program calls
// to export one. dir is a folder as on the hub, with the backbone's config.json
// at least; spec and tensors are those that [heads.New] takes, of any kind but
// a DenseChain, which PyLate's Dense modules are for. The folder gets
//
//	1_Head/config.json        the Spec as JSON
//	1_Head/model.safetensors  the tensors as Spec.Tensors names them, F32
//	modules.json              the backbone, then 1_Head with type "toller.heads.Head"
//
// A modules.json that is there keeps its entries, but for Dense modules and
// heads, whose folders stay where they are, unused. There must be no 1_Head yet. modules.json is
// replaced last and at once: a call that fails or is killed leaves the
// checkpoint with the head that it had.
//
// Toller alone opens such a checkpoint: PyLate refuses it, for it has no class
// of that name.
func WriteHead(dir string, spec heads.Spec, tensors map[string]heads.Tensor) error {
	if err := writeHead(dir, spec, tensors); err != nil {
		return fmt.Errorf("edge: write head: %w", err)
	}
	return nil
}

func writeHead(dir string, spec heads.Spec, tensors map[string]heads.Tensor) (err error) {
	if spec.Kind == heads.DenseChain {
		return fmt.Errorf("kind: expected linear, ffn or glu, found %q, which is stored as Dense modules", spec.Kind)
	}
	head, err := heads.New(spec, tensors)
	if err != nil {
		return err
	}
	if err := fitsBackbone(dir, head); err != nil {
		return err
	}
	modules, err := modulesWithHead(filepath.Join(dir, modulesFile))
	if err != nil {
		return err
	}
	folder := filepath.Join(dir, headFolder)
	if err := os.Mkdir(folder, 0o777); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(folder))
		}
	}()
	if err := writeIndented(filepath.Join(folder, moduleFile), head.Spec()); err != nil {
		return err
	}
	if err := writeWeights(filepath.Join(folder, weightsFile), tensors); err != nil {
		return err
	}
	// A file beside it under another name first: renaming replaces at once.
	unfinished := filepath.Join(folder, modulesFile)
	if err := writeIndented(unfinished, modules); err != nil {
		return err
	}
	return os.Rename(unfinished, filepath.Join(dir, modulesFile))
}

// fitsBackbone compares the head's width with the backbone's.
func fitsBackbone(dir string, head *heads.Head) error {
	file := filepath.Join(dir, moduleFile)
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	backbone, err := infer.ParseConfig(file, text)
	if err != nil {
		return err
	}
	if head.In() != backbone.HiddenSize {
		return fmt.Errorf("in: expected %d, the hidden_size of %s, found %d", backbone.HiddenSize, file, head.In())
	}
	return nil
}

// modulesWithHead returns what is to be in modules.json: the first entry that
// it has now, with every key that it has, the head, and what isn't a head of those
// behind it.
func modulesWithHead(file string) ([]any, error) {
	head := map[string]any{"idx": 1, "name": "1", "path": headFolder, "type": headType}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return []any{map[string]any{"idx": 0, "name": "0", "path": "", "type": backboneType}, head}, nil
	}
	if err != nil {
		return nil, err
	}
	var entries []json.RawMessage
	if err := json.Unmarshal(text, &entries); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf("%s: expected the backbone and its head, found no modules", file)
	}
	var first module
	if err := json.Unmarshal(entries[0], &first); err != nil {
		return nil, fmt.Errorf("%s: module 0: %w", file, err)
	}
	if first.class() != "Transformer" || first.Path != "" {
		return nil, fmt.Errorf("%s: module 0: expected a Transformer with the path \"\", found %q with the path %q", file, first.Type, first.Path)
	}
	modules := []any{entries[0], head}
	for i, entry := range entries[1:] {
		var m module
		if err := json.Unmarshal(entry, &m); err != nil {
			return nil, fmt.Errorf("%s: module %d: %w", file, i+1, err)
		}
		if m.class() != "Dense" && m.Type != headType {
			modules = append(modules, entry)
		}
	}
	return modules, nil
}

func writeIndented(file string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o666)
}

func writeWeights(file string, tensors map[string]heads.Tensor) (err error) {
	stored := make(map[string]weights.Tensor, len(tensors))
	for name, t := range tensors {
		data := make([]byte, 0, 4*len(t.Data))
		for _, v := range t.Data {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
		}
		stored[name] = weights.Tensor{DType: simd.F32, Shape: t.Shape, Data: data}
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := weights.Write(f, stored, simd.F32); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}
