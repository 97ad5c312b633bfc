package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge/cmd/toller/export"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/index"
)

// exportFlags are the flags of toller export.
type exportFlags struct {
	*options
	location
	filter string
	format string
	force  bool
}

// exportFormats are the files that vectors may be in, by the values of --format.
var exportFormats = map[string]string{"npy": export.VectorsFile, "safetensors": export.TensorFile}

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
                   as they are stored; with --format safetensors
                   vectors.safetensors, with one tensor "vectors"

The files get their names when they are complete, index.json last.`,
		Example: `  toller export backup/
  toller export notes/ --filter "source ~ '*/notes/*'"`,
		Args: arguments(1, 1, "DIR"),
		RunE: runs(func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), args[0]) }),
	}
	flags := cmd.Flags()
	f.location.add(cmd)
	flags.StringVar(&f.filter, "filter", "", "write only documents that this expression is true for")
	flags.StringVar(&f.format, "format", "npy", "file of the vectors: npy or safetensors")
	completes(cmd, "format", []string{"npy", "safetensors"})
	flags.BoolVar(&f.force, "force", false, "overwrite the files of an export that is there")
	return cmd
}

func (f *exportFlags) run(ctx context.Context, folder string) (err error) {
	if err := oneOf("format", f.format, []string{"npy", "safetensors"}); err != nil {
		return err
	}
	if err := checkFilter(f.filter); err != nil {
		return err
	}
	x, err := f.openIndex(ctx, index.ReadOnly())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	stat, err := x.Stat(ctx)
	if err != nil {
		return err
	}
	if err := noteFields(ctx, x, f.filter); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	w, err := export.Create(folder, stat.Model, exportFormats[f.format], f.force)
	if err != nil {
		return err
	}
	defer w.Discard()
	bar := terminal.NewProgress("exporting", !f.noProgress)
	defer bar.Close()
	total := -1
	if f.filter == "" {
		total = int(stat.Documents)
	}
	var failed error
	err = x.Export(ctx, f.filter, func(d *index.Exported) bool {
		failed = w.Append(d)
		bar.Update(w.Header().Documents, total)
		return failed == nil
	})
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	if err := w.Commit(); err != nil {
		return err
	}
	bar.Close()
	out := terminal.NewScreen(f.color)
	header := w.Header()
	if f.json {
		return out.WriteJSON(header)
	}
	fmt.Fprintf(out, "%s: %s, %s\n", terminal.Clean(folder), terminal.Count(header.Documents, "document"), terminal.Count(header.Rows, "vector"))
	return out.Flush()
}
