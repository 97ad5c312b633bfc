package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/index"
)

// Documents are imported in transactions of so many, or of so many vectors.
const (
	importDocuments = 256
	importRows      = 1 << 17
)

// importFlags are the flags of toller import.
type importFlags struct {
	*options
	location
	codec string
	dims  int
}

// imported is what toller import prints as JSON.
type imported struct {
	Index     string `json:"index"`
	Documents int    `json:"documents"`
	Rows      int    `json:"rows"`
}

func importCommand(o *options) *cobra.Command {
	f := &importFlags{options: o}
	cmd := &cobra.Command{
		Use:   "import DIR",
		Short: "Read what toller export wrote into an index",
		Long: `Read a folder that toller export wrote into an index: documents with their
vectors, which takes no model's work. Documents whose keys the index has are
replaced, others stay.

An index holds vectors of one model; those of another are refused. If there is no
index yet one is made, for which the model must be at hand: --codec and --dims say
how, as for toller index.`,
		Example: `  toller import backup/ --index restored.db`,
		Args:    arguments(1, 1, "DIR"),
		RunE:    runs(func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), args[0]) }),
	}
	flags := cmd.Flags()
	f.location.add(cmd)
	flags.StringVar(&f.codec, "codec", "4bit", "how a new index stores vectors: fp32, fp16, int8, 4bit, 2bit or 1bit")
	flags.IntVar(&f.dims, "dims", 0, "components of a vector in a new index (default: the model's)")
	completes(cmd, "codec", codecs)
	return cmd
}

func (f *importFlags) run(ctx context.Context, folder string) (err error) {
	if err := oneOf("codec", f.codec, codecs); err != nil {
		return err
	}
	if f.dims < 0 {
		return usage("--dims is %d, expected 0 or more", f.dims)
	}
	in, err := openExport(folder)
	if err != nil {
		return err
	}
	defer in.close()
	path := f.path()
	_, err = os.Stat(path)
	isNew := errors.Is(err, fs.ErrNotExist)
	result, err := f.read(ctx, path, isNew, in)
	if err != nil {
		if isNew && result.Documents == 0 {
			removeIndex(path) // it is of no use, and perhaps of the wrong model
		}
		return err
	}
	out := newScreen(f.color)
	if f.json {
		return out.writeJSON(result)
	}
	fmt.Fprintf(out, "%s: %s, %s imported\n", clean(path), count(result.Documents, "document"), count(result.Rows, "vector"))
	return out.flush()
}

// read brings what in holds into the index at path.
func (f *importFlags) read(ctx context.Context, path string, isNew bool, in *exportReader) (result imported, err error) {
	result.Index = path
	var model *edge.Model
	if isNew {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return result, fmt.Errorf("making the folder of the index: %w", err)
		}
		if model, err = f.open(); err != nil {
			return result, err
		}
		defer model.Close()
	}
	x, err := index.Open(ctx, path, model, index.WithCodec(f.codec), index.WithDims(f.dims))
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	bar := newProgress("importing", !f.noProgress)
	defer bar.close()
	for {
		batch, err := in.batch()
		if err != nil || len(batch) == 0 {
			return result, err
		}
		if err := x.Import(ctx, batch); err != nil {
			return result, err
		}
		result.Documents, result.Rows = in.documents, in.rows
		bar.update(result.Documents, in.header.Documents)
	}
}

// removeIndex removes an index that has just been made.
func removeIndex(path string) {
	for _, name := range index.Files(path) {
		os.Remove(name)
	}
}

// maxExportedLine is how many bytes a document may have as a line of JSON: a text
// of the largest size, every byte of it escaped.
const maxExportedLine = 6*index.MaxText + 16<<20

// exportReader reads the files of an export.
type exportReader struct {
	header    exportHeader
	folder    string
	lines     *os.File
	scanner   *bufio.Scanner // of lines
	vectors   *npyReader
	documents int // read so far
	rows      int
}

func openExport(folder string) (*exportReader, error) {
	e := &exportReader{folder: folder}
	if err := e.open(); err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

func (e *exportReader) open() error {
	path := filepath.Join(e.folder, exportedIndex)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &e.header); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	h := e.header
	if h.Version != exportVersion {
		return fmt.Errorf("%s: version %d, expected %d", path, h.Version, exportVersion)
	}
	if e.vectors, err = openNPY(filepath.Join(e.folder, exportedVectors)); err != nil {
		return err
	}
	if v := e.vectors; v.dim != h.Dim || v.rows != h.Rows {
		return fmt.Errorf("%s: an array of %d × %d, expected %d × %d as %s says", v.file.Name(), v.rows, v.dim, h.Rows, h.Dim, exportedIndex)
	}
	if e.lines, err = os.Open(filepath.Join(e.folder, exportedDocuments)); err != nil {
		return err
	}
	e.scanner = bufio.NewScanner(e.lines)
	e.scanner.Buffer(nil, maxExportedLine)
	return nil
}

// batch reads the next documents; there are none at the end.
func (e *exportReader) batch() ([]index.Exported, error) {
	var batch []index.Exported
	for first := e.rows; len(batch) < importDocuments && e.rows-first < importRows; {
		if !e.scanner.Scan() {
			if err := e.scanner.Err(); err != nil {
				return nil, e.complain("line %d: %w", e.documents+1, err)
			}
			if len(batch) == 0 && e.documents != e.header.Documents {
				return nil, e.complain("%d documents, expected %d as %s says", e.documents, e.header.Documents, exportedIndex)
			}
			break
		}
		d, err := e.document(e.scanner.Bytes())
		if err != nil {
			return nil, e.complain("line %d: %w", e.documents+1, err)
		}
		e.documents++
		batch = append(batch, d)
	}
	return batch, nil
}

func (e *exportReader) complain(format string, values ...any) error {
	return fmt.Errorf("%s: "+format, append([]any{e.lines.Name()}, values...)...)
}

func (e *exportReader) document(line []byte) (index.Exported, error) {
	var d exportedDocument
	if err := json.Unmarshal(line, &d); err != nil {
		return index.Exported{}, err
	}
	out := index.Exported{
		Entry:    index.Entry{Key: d.Key, Title: d.Title, Source: d.Source, Text: d.Text, Metadata: d.Metadata, Hash: d.Hash},
		Model:    index.Origin{Name: e.header.Model, Fingerprint: e.header.Fingerprint, Dim: e.header.Dim},
		Passages: make([]index.Passage, len(d.Passages)),
	}
	if d.Time != nil {
		out.Time = *d.Time
	}
	for i, p := range d.Passages {
		vectors, err := e.vectors.read(p.FirstRow, p.Rows)
		if err != nil {
			return index.Exported{}, fmt.Errorf("passage %d: %w", i, err)
		}
		e.rows += p.Rows
		out.Passages[i] = index.Passage{Start: p.Start, End: p.End, Heading: p.Heading, Vectors: vectors, Clusters: p.Clusters}
	}
	return out, nil
}

func (e *exportReader) close() {
	if e.vectors != nil {
		e.vectors.file.Close()
	}
	if e.lines != nil {
		e.lines.Close()
	}
}

// hash is a hash in hexadecimal digits.
type hash [32]byte

func (h hash) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h[:])), nil }

func (h *hash) UnmarshalText(text []byte) error {
	raw, err := hex.DecodeString(string(text))
	if err != nil || len(raw) != len(h) {
		return fmt.Errorf("hash: expected %d hexadecimal digits, found %q", 2*len(h), text)
	}
	copy(h[:], raw)
	return nil
}
