package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/index"
)

// The files of an export.
const (
	exportedIndex     = "index.json"      // what it is; written last, so that an export with it is complete
	exportedDocuments = "documents.jsonl" // a document a line
	exportedVectors   = "vectors.npy"     // the vectors of all passages, one after the other
)

// exportVersion is the version of their layout.
const exportVersion = 1

// exportHeader is the contents of exportedIndex, and what toller export prints
// as JSON.
type exportHeader struct {
	Version     int              `json:"version"`
	Model       string           `json:"model"`
	Fingerprint edge.Fingerprint `json:"fingerprint"` // of the vectors
	Dim         int              `json:"dim"`
	Documents   int              `json:"documents"`
	Rows        int              `json:"rows"`
}

// exportedDocument is a line of exportedDocuments.
type exportedDocument struct {
	Key      string            `json:"key"`
	Title    string            `json:"title,omitempty"`
	Source   string            `json:"source,omitempty"`
	Text     string            `json:"text"`
	Time     *time.Time        `json:"time,omitempty"`
	Hash     hash              `json:"hash"`
	Metadata map[string]any    `json:"metadata,omitempty"`
	Passages []exportedPassage `json:"passages"`
}

// exportedPassage is a stretch of a document's text, and which rows of the array
// are its vectors.
type exportedPassage struct {
	Start    int      `json:"start"`
	End      int      `json:"end"`
	Heading  string   `json:"heading,omitempty"`
	FirstRow int      `json:"first_row"` // from 0
	Rows     int      `json:"rows"`
	Clusters []uint32 `json:"clusters,omitempty"` // of a pooled passage: for each token its row, from 0
}

// exportFlags are the flags of toller export.
type exportFlags struct {
	*options
	location
	filter string
	force  bool
}

func exportCommand(o *options) *cobra.Command {
	f := &exportFlags{options: o}
	cmd := &cobra.Command{
		Use:   "export DIR",
		Short: "Write an index as JSONL and a NumPy array",
		Long: `Write all that an index holds into a folder, for other programs or to be imported
into another index:

  index.json       the model, its fingerprint and dimensions, how many documents
                   and vectors there are
  documents.jsonl  a document a line: "key", "title", "source", "text", "time",
                   "hash", "metadata", and "passages", each with "start" and "end"
                   (bytes of the text), "heading", "first_row" and "rows"
  vectors.npy      the vectors of all passages, float32 [rows, dim], as precise
                   as they are stored

The files get their names when they are complete, index.json last.`,
		Example: `  toller export backup/
  toller export notes/ --filter "source ~ '*/notes/*'"`,
		Args: arguments(1, 1, "DIR"),
		RunE: runs(func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), args[0]) }),
	}
	flags := cmd.Flags()
	f.location.add(cmd)
	flags.StringVar(&f.filter, "filter", "", "write only documents that this expression is true for")
	flags.BoolVar(&f.force, "force", false, "overwrite the files of an export that is there")
	return cmd
}

func (f *exportFlags) run(ctx context.Context, folder string) (err error) {
	x, err := f.openIndex(ctx, index.ReadOnly())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	stat, err := x.Stat(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	e, err := createExport(folder, stat.Model, f.force)
	if err != nil {
		return err
	}
	defer e.discard()
	bar := newProgress("exporting", !f.noProgress)
	defer bar.close()
	total := -1
	if f.filter == "" {
		total = int(stat.Documents)
	}
	var failed error
	err = x.Export(ctx, f.filter, func(d *index.Exported) bool {
		failed = e.append(d)
		bar.update(e.header.Documents, total)
		return failed == nil
	})
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	if err := e.commit(); err != nil {
		return err
	}
	bar.close()
	out := newScreen(f.color)
	if f.json {
		return out.writeJSON(e.header)
	}
	fmt.Fprintf(out, "%s: %s, %s\n", clean(folder), count(e.header.Documents, "document"), count(e.header.Rows, "vector"))
	return out.flush()
}

// export is an export that is being written.
type export struct {
	header                    exportHeader
	index, documents, vectors *newFile
	lines                     *bufio.Writer
	rows                      *npyWriter
}

func createExport(folder string, model index.Origin, force bool) (*export, error) {
	e := &export{header: exportHeader{
		Version: exportVersion, Model: model.Name, Fingerprint: model.Fingerprint, Dim: model.Dim,
	}}
	if err := e.create(folder, force); err != nil {
		e.discard()
		return nil, err
	}
	return e, nil
}

func (e *export) create(folder string, force bool) (err error) {
	for _, file := range []struct {
		name string
		at   **newFile
	}{{exportedIndex, &e.index}, {exportedDocuments, &e.documents}, {exportedVectors, &e.vectors}} {
		if *file.at, err = createFile(filepath.Join(folder, file.name), force); err != nil {
			return err
		}
	}
	e.lines = bufio.NewWriterSize(e.documents, 1<<20)
	e.rows, err = newNPYWriter(e.vectors, e.header.Dim)
	return err
}

func (e *export) append(d *index.Exported) error {
	line := exportedDocument{
		Key: d.Key, Title: d.Title, Source: d.Source, Text: d.Text, Hash: d.Hash, Metadata: d.Metadata,
		Passages: make([]exportedPassage, len(d.Passages)),
	}
	if !d.Time.IsZero() {
		line.Time = &d.Time
	}
	for i, p := range d.Passages {
		line.Passages[i] = exportedPassage{
			Start: p.Start, End: p.End, Heading: p.Heading,
			FirstRow: e.rows.rows, Rows: len(p.Vectors) / e.header.Dim, Clusters: p.Clusters,
		}
		if err := e.rows.append(p.Vectors); err != nil {
			return err
		}
	}
	e.header.Documents++
	e.header.Rows = e.rows.rows
	return writeLine(e.lines, line)
}

// commit completes the files and gives them their names.
func (e *export) commit() error {
	err := errors.Join(e.rows.close(), e.lines.Flush())
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(e.index)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(e.header); err != nil {
		return err
	}
	for _, file := range []*newFile{e.vectors, e.documents, e.index} {
		if err := file.commit(); err != nil {
			return err
		}
	}
	return nil
}

// discard removes what was not committed.
func (e *export) discard() {
	for _, file := range []*newFile{e.index, e.documents, e.vectors} {
		if file != nil {
			file.discard()
		}
	}
}
