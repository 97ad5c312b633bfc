package export

import (
	"bufio"
	"encoding/json"
	"errors"
	"path/filepath"

	"github.com/toller-search/toller/edge/cmd/toller/array"
	"github.com/toller-search/toller/edge/cmd/toller/newfile"
	"github.com/toller-search/toller/edge/index"
)

// A Writer writes an export. Its files get their names when they are complete.
type Writer struct {
	header                    Header
	index, documents, vectors *newfile.File
	lines                     *bufio.Writer
	rows                      *array.Writer
}

// Create begins an export into a folder that there is, with vectors in
// [VectorsFile] or in [TensorFile]. Files of one that is there are refused unless
// force is set.
func Create(folder string, model index.Origin, vectors string, force bool) (*Writer, error) {
	w := &Writer{header: Header{
		Version: Version, Model: model.Name, Fingerprint: model.Fingerprint, Dim: model.Dim,
	}}
	if vectors != VectorsFile {
		w.header.Vectors = vectors
	}
	if err := w.create(folder, vectors, force); err != nil {
		w.Discard()
		return nil, err
	}
	return w, nil
}

func (w *Writer) create(folder, vectors string, force bool) (err error) {
	for _, file := range []struct {
		name string
		at   **newfile.File
	}{{IndexFile, &w.index}, {DocumentsFile, &w.documents}, {vectors, &w.vectors}} {
		if *file.at, err = newfile.Create(filepath.Join(folder, file.name), force); err != nil {
			return err
		}
	}
	w.lines = bufio.NewWriterSize(w.documents, 1<<20)
	begin := array.NewWriter
	if vectors == TensorFile {
		begin = array.NewTensorWriter
	}
	w.rows, err = begin(w.vectors, w.header.Dim)
	return err
}

// Header is what is written so far.
func (w *Writer) Header() Header { return w.header }

// Append adds a document.
func (w *Writer) Append(d *index.Exported) error {
	line := document{
		Key: d.Key, Title: d.Title, Source: d.Source, Text: d.Text, Hash: d.Hash, Metadata: d.Metadata,
		Passages: make([]passage, len(d.Passages)),
	}
	if !d.Time.IsZero() {
		line.Time = &d.Time
	}
	for i, p := range d.Passages {
		line.Passages[i] = passage{
			Start: p.Start, End: p.End, Heading: p.Heading,
			FirstRow: w.rows.Rows(), Rows: len(p.Vectors) / w.header.Dim, Clusters: p.Clusters,
		}
		if err := w.rows.Append(p.Vectors); err != nil {
			return err
		}
	}
	w.header.Documents++
	w.header.Rows = w.rows.Rows()
	encoder := json.NewEncoder(w.lines)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(line)
}

// Commit completes the files and gives them their names, [IndexFile] last.
func (w *Writer) Commit() error {
	err := errors.Join(w.rows.Close(), w.lines.Flush())
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(w.index)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(w.header); err != nil {
		return err
	}
	for _, file := range []*newfile.File{w.vectors, w.documents, w.index} {
		if err := file.Commit(); err != nil {
			return err
		}
	}
	return nil
}

// Discard removes what was not committed.
func (w *Writer) Discard() {
	for _, file := range []*newfile.File{w.index, w.documents, w.vectors} {
		if file != nil {
			file.Discard()
		}
	}
}
