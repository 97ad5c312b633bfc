package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/cmd/toller/export"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/index"
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
	in, err := export.Open(folder)
	if err != nil {
		return err
	}
	defer in.Close()
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
	out := terminal.NewScreen(f.color)
	if f.json {
		return out.WriteJSON(result)
	}
	fmt.Fprintf(out, "%s: %s, %s imported\n", terminal.Clean(path), terminal.Count(result.Documents, "document"), terminal.Count(result.Rows, "vector"))
	return out.Flush()
}

// read brings what in holds into the index at path.
func (f *importFlags) read(ctx context.Context, path string, isNew bool, in *export.Reader) (result imported, err error) {
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
	x, err := openIndexFor(ctx, path, model, index.WithCodec(f.codec), index.WithDims(f.dims))
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	bar := terminal.NewProgress("importing", !f.noProgress)
	defer bar.Close()
	for {
		batch, err := in.Batch()
		if err != nil || len(batch) == 0 {
			return result, err
		}
		if err := x.Import(ctx, batch); err != nil {
			return result, err
		}
		result.Documents, result.Rows = in.Documents(), in.Rows()
		bar.Update(result.Documents, in.Header().Documents)
	}
}

// removeIndex removes an index that has just been made.
func removeIndex(path string) {
	for _, name := range index.Files(path) {
		os.Remove(name)
	}
}
