// Package testdata hands the golden data beside it to the tests of every
// other package. README.md says what each file is and where it comes from.
package testdata

import (
	"bytes"
	"compress/gzip"
	"embed"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

//go:embed models cases tokenizers wordpiece bytefallback indexes *.gz *.jsonl
var files embed.FS

// Models lists the golden checkpoints with a ModernBERT backbone by name.
var Models = []string{"edge-17m-shape", "edge-32m-shape", "modernbert-residual", "linear-head"}

// BERT lists the golden checkpoints with a BERT backbone by name.
var BERT = []string{"stanford", "stanford-attend", "pylate-flat", "pylate-subfolder", "st6-bert", "bert-gelu-new", "bert-relu"}

// Native lists the golden checkpoints in the layout of sentence-transformers 6 by
// name.
var Native = []string{"st6-bert", "st6-bert-prompt", "st6-stanford", "bert-gelu-new-st6",
	"st6-modernbert", "st6-modernbert-min", "st6-modernbert-pool", "st6-modernbert-pool-raw", "st6-modernbert-skipquery"}

// variants are checkpoints of which only the files are stored that differ from
// another's.
var variants = map[string]string{
	"bert-relu":                "bert-gelu-new",
	"st6-bert-prompt":          "st6-bert",
	"st6-modernbert-min":       "st6-modernbert",
	"st6-modernbert-pool":      "st6-modernbert",
	"st6-modernbert-pool-raw":  "st6-modernbert",
	"st6-modernbert-skipquery": "st6-modernbert",
}

// borrowed are checkpoints that have the weights of another, byte for byte.
var borrowed = map[string]string{"st6-modernbert": "modernbert-residual"}

// Read returns the file of that slash-separated name, gunzipped where it is
// stored with the ending .gz.
func Read(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := read(name)
	if err != nil {
		tb.Fatalf("testdata: %v", err)
	}
	return data
}

// Checkpoint unpacks a golden checkpoint into a temporary directory, in the
// layout it has on the hub, and returns the directory.
func Checkpoint(tb testing.TB, model string) string {
	tb.Helper()
	dir := filepath.Join(tb.TempDir(), model)
	if err := unpack(model, dir); err != nil {
		tb.Fatalf("testdata: %s: %v", model, err)
	}
	return dir
}

func unpack(model, dir string) error {
	if base, ok := variants[model]; ok {
		if err := unpack(base, dir); err != nil {
			return err
		}
	}
	root := path.Join("models", model)
	err := fs.WalkDir(files, root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name = strings.TrimSuffix(name, ".gz")
		data, err := read(name)
		if err != nil {
			return err
		}
		return write(filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(name, root+"/"))), data)
	})
	if err != nil {
		return err
	}
	if owner, ok := borrowed[model]; ok {
		const weights = "model.safetensors"
		data, err := read(path.Join("models", owner, weights))
		if err != nil {
			return err
		}
		if err := write(filepath.Join(dir, weights), data); err != nil {
			return err
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "tokenizer.json")); err == nil {
		return nil
	}
	// The ModernBERT checkpoints share their tokenizer; those with a transformers-v5
	// style config have the newer form, merges as pairs.
	tokenizer := "tokenizers/modernbert.json"
	if model == "modernbert-residual" || model == "st6-modernbert" {
		tokenizer = "tokenizers/modernbert-pairs.json"
	}
	data, err := read(tokenizer)
	if err != nil {
		return err
	}
	return write(filepath.Join(dir, "tokenizer.json"), data)
}

func read(name string) ([]byte, error) {
	data, err := files.ReadFile(name)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return data, err
	}
	data, err = files.ReadFile(name + ".gz")
	if err != nil {
		return nil, err
	}
	unzip, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(unzip)
}

func write(file string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}
