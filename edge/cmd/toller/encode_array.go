package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/cmd/toller/array"
	"github.com/toller-search/toller/edge/cmd/toller/newfile"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/files"
)

// arrayFiles are a .npy file with the vectors of many texts and, beside it, a
// .jsonl file that says which rows are whose.
type arrayFiles struct {
	vectors *newfile.File
	index   *newfile.File
	rows    *array.Writer
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

func createArray(path string, dim int, force bool) (*arrayFiles, error) {
	vectors, err := newfile.Create(path, force)
	if err != nil {
		return nil, err
	}
	index, err := newfile.Create(indexName(path), force)
	if err != nil {
		vectors.Discard()
		return nil, err
	}
	a := &arrayFiles{vectors: vectors, index: index, lines: bufio.NewWriter(index)}
	if a.rows, err = array.NewWriter(vectors, dim); err != nil {
		a.discard()
		return nil, err
	}
	return a, nil
}

// append adds the vectors of a text and its line in the index.
func (a *arrayFiles) append(t encodedText) error {
	first := a.rows.Rows()
	t.FirstRow, t.Rows, t.Vectors = &first, len(t.Tokens), nil
	encoder := json.NewEncoder(a.lines)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(t); err != nil {
		return err
	}
	a.texts++
	return a.rows.Append(t.data)
}

// commit completes both files and gives them their names.
func (a *arrayFiles) commit() error {
	if err := a.rows.Close(); err != nil {
		return err
	}
	if err := a.lines.Flush(); err != nil {
		return err
	}
	if err := a.vectors.Commit(); err != nil {
		return err
	}
	return a.index.Commit()
}

// discard removes what was not committed.
func (a *arrayFiles) discard() {
	a.vectors.Discard()
	a.index.Discard()
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
	report := arrayReport{f.npy, indexName(f.npy), a.texts, a.rows.Rows(), dim}
	out := terminal.NewScreen(f.color)
	if f.json {
		return out.WriteJSON(report)
	}
	fmt.Fprintf(out, "%s: %d × %d, the vectors of %s; %s says which are whose\n",
		report.File, report.Rows, report.Dim, terminal.Count(report.Texts, "text"), report.Index)
	return out.Flush()
}
