package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/files"
)

// array is a .npy file with the vectors of many texts and, beside it, a .jsonl
// file that says which rows are whose.
type array struct {
	vectors *newFile
	index   *newFile
	rows    *npyWriter
	lines   *bufio.Writer
	texts   int
}

// arrayReport is what toller encode --npy prints as JSON.
type arrayReport struct {
	File  string `json:"file"`
	Index string `json:"index"`
	Texts int    `json:"texts"`
	Rows  int    `json:"rows"`
	Dim   int    `json:"dim"`
}

// indexName is the name of the file beside a .npy file.
func indexName(npy string) string { return strings.TrimSuffix(npy, ".npy") + ".jsonl" }

func createArray(path string, dim int, force bool) (*array, error) {
	vectors, err := createFile(path, force)
	if err != nil {
		return nil, err
	}
	index, err := createFile(indexName(path), force)
	if err != nil {
		vectors.discard()
		return nil, err
	}
	a := &array{vectors: vectors, index: index, lines: bufio.NewWriter(index)}
	if a.rows, err = newNPYWriter(vectors, dim); err != nil {
		a.discard()
		return nil, err
	}
	return a, nil
}

// append adds the vectors of a text and its line in the index.
func (a *array) append(t encodedText) error {
	first := a.rows.rows
	t.FirstRow, t.Rows, t.Vectors = &first, len(t.Tokens), nil
	if err := writeLine(a.lines, t); err != nil {
		return err
	}
	a.texts++
	return a.rows.append(t.data)
}

// commit completes both files and gives them their names.
func (a *array) commit() error {
	if err := a.rows.close(); err != nil {
		return err
	}
	if err := a.lines.Flush(); err != nil {
		return err
	}
	if err := a.vectors.commit(); err != nil {
		return err
	}
	return a.index.commit()
}

// discard removes what was not committed.
func (a *array) discard() {
	a.vectors.discard()
	a.index.discard()
}

func (f *encodeFlags) writeArray(ctx context.Context, model *edge.Model, texts []files.Document) error {
	dim := model.Info().Dim
	a, err := createArray(f.npy, dim, f.force)
	if err != nil {
		return err
	}
	defer a.discard()
	if err := f.encode(ctx, model, texts, a.append); err != nil {
		return err
	}
	if err := a.commit(); err != nil {
		return err
	}
	report := arrayReport{f.npy, indexName(f.npy), a.texts, a.rows.rows, dim}
	out := newScreen(f.color)
	if f.json {
		return out.writeJSON(report)
	}
	fmt.Fprintf(out, "%s: %d × %d, the vectors of %s; %s says which are whose\n",
		report.File, report.Rows, report.Dim, count(report.Texts, "text"), report.Index)
	return out.flush()
}

// writeLine writes v as one line of JSON.
func writeLine(out *bufio.Writer, v any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}
