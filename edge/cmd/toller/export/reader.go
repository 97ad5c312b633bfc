package export

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/toller-search/toller/edge/cmd/toller/array"
	"github.com/toller-search/toller/edge/index"
)

// A batch has so many documents, or vectors, at most, and one document at least.
const (
	batchDocuments = 256
	batchRows      = 1 << 17
)

// maxLine is how many bytes a document may have as a line of JSON: a text of the
// largest size, every byte of it escaped.
const maxLine = 6*index.MaxText + 16<<20

// A Reader reads the files of an export.
type Reader struct {
	header    Header
	folder    string
	lines     *os.File
	scanner   *bufio.Scanner // of lines
	vectors   *array.Reader
	documents int // read so far
	rows      int
}

// Open opens an export.
func Open(folder string) (*Reader, error) {
	r := &Reader{folder: folder}
	if err := r.open(); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func (r *Reader) open() error {
	path := filepath.Join(r.folder, IndexFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &r.header); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	h := r.header
	if h.Version != Version {
		return fmt.Errorf("%s: version %d, expected %d", path, h.Version, Version)
	}
	switch h.Vectors {
	case "", VectorsFile:
		r.vectors, err = array.Open(filepath.Join(r.folder, VectorsFile))
	case TensorFile:
		r.vectors, err = array.OpenTensor(filepath.Join(r.folder, TensorFile))
	default:
		err = fmt.Errorf("%s: vectors: expected %s or %s, found %.80q", path, VectorsFile, TensorFile, h.Vectors)
	}
	if err != nil {
		return err
	}
	if v := r.vectors; v.Dim() != h.Dim || v.Rows() != h.Rows {
		return fmt.Errorf("%s: an array of %d × %d, expected %d × %d as %s says", v.Name(), v.Rows(), v.Dim(), h.Rows, h.Dim, IndexFile)
	}
	if r.lines, err = os.Open(filepath.Join(r.folder, DocumentsFile)); err != nil {
		return err
	}
	r.scanner = bufio.NewScanner(r.lines)
	r.scanner.Buffer(nil, maxLine)
	return nil
}

// Header is what the export says of itself.
func (r *Reader) Header() Header { return r.header }

// Documents is how many documents were read so far, Rows how many vectors.
func (r *Reader) Documents() int { return r.documents }

// Rows: see [Reader.Documents].
func (r *Reader) Rows() int { return r.rows }

// Batch reads the next documents; there are none at the end.
func (r *Reader) Batch() ([]index.Exported, error) {
	var batch []index.Exported
	for first := r.rows; len(batch) < batchDocuments && r.rows-first < batchRows; {
		if !r.scanner.Scan() {
			if err := r.scanner.Err(); err != nil {
				return nil, r.complain("line %d: %w", r.documents+1, err)
			}
			if len(batch) == 0 && r.documents != r.header.Documents {
				return nil, r.complain("%d documents, expected %d as %s says", r.documents, r.header.Documents, IndexFile)
			}
			break
		}
		d, err := r.document(r.scanner.Bytes())
		if err != nil {
			return nil, r.complain("line %d: %w", r.documents+1, err)
		}
		r.documents++
		batch = append(batch, d)
	}
	return batch, nil
}

func (r *Reader) complain(format string, values ...any) error {
	return fmt.Errorf("%s: "+format, append([]any{r.lines.Name()}, values...)...)
}

func (r *Reader) document(line []byte) (index.Exported, error) {
	var d document
	if err := json.Unmarshal(line, &d); err != nil {
		return index.Exported{}, err
	}
	out := index.Exported{
		Entry:    index.Entry{Key: d.Key, Title: d.Title, Source: d.Source, Text: d.Text, Metadata: d.Metadata, Hash: d.Hash},
		Model:    index.Origin{Name: r.header.Model, Fingerprint: r.header.Fingerprint, Dim: r.header.Dim},
		Passages: make([]index.Passage, len(d.Passages)),
	}
	if d.Time != nil {
		out.Time = *d.Time
	}
	for i, p := range d.Passages {
		vectors, err := r.vectors.Read(p.FirstRow, p.Rows)
		if err != nil {
			return index.Exported{}, fmt.Errorf("passage %d: %w", i, err)
		}
		r.rows += p.Rows
		out.Passages[i] = index.Passage{Start: p.Start, End: p.End, Heading: p.Heading, Vectors: vectors, Clusters: p.Clusters}
	}
	return out, nil
}

// Close closes the files.
func (r *Reader) Close() {
	if r.vectors != nil {
		r.vectors.Close()
	}
	if r.lines != nil {
		r.lines.Close()
	}
}
