package main

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/cmd/toller/newfile"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/infer"
	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/weights"
)

// storageNames are the values of --dtype, storageTypes what they stand for.
var storageNames = []string{"f16", "bf16", "f32"}

var storageTypes = map[string]simd.DType{"f16": simd.F16, "bf16": simd.BF16, "f32": simd.F32}

// embeddingNames are the values of --embeddings.
var embeddingNames = []string{"same", "int8"}

// packFlags are the flags of toller pack.
type packFlags struct {
	*options
	output     string
	dtype      string
	embeddings string
	force      bool
}

// packed is what toller pack prints as JSON.
type packed struct {
	File        string           `json:"file"`
	Bytes       int64            `json:"bytes"`
	DType       string           `json:"dtype"`
	Embeddings  string           `json:"embeddings"`
	Fingerprint edge.Fingerprint `json:"fingerprint"`
}

func packCommand(o *options) *cobra.Command {
	f := &packFlags{options: o}
	cmd := &cobra.Command{
		Use:   "pack CHECKPOINT -o FILE",
		Short: "Write a checkpoint as one file",
		Long: `Write a checkpoint, a folder as it lies on the hub or the id of a pulled one, as one .safetensors file
with its configuration and tokenizer inside, for apps and web pages.

With --embeddings int8, token embeddings take a byte for each value and a scale
for each token, which makes a small model's file much smaller and changes its
vectors a little: an index of the one model is not for the other.

The file is opened once before it gets its name, so that it is complete and
usable or not there at all.`,
		Example: `  toller pack models/mxbai-edge-colbert-v0-17m -o mxbai-17m.safetensors
  toller rank "what slows bone loss?" notes/ --model mxbai-17m.safetensors`,
		Args: arguments(1, 1, "CHECKPOINT"),
		RunE: runs(func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), args[0]) }),
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.output, "output", "o", "", "file to write")
	flags.StringVar(&f.dtype, "dtype", "f16", "how to store weights: f16, bf16 or f32")
	flags.StringVar(&f.embeddings, "embeddings", "same", "how to store token embeddings: same as other weights, or int8")
	flags.BoolVar(&f.force, "force", false, "overwrite the file if it exists")
	completes(cmd, "dtype", storageNames)
	completes(cmd, "embeddings", embeddingNames)
	return cmd
}

func (f *packFlags) run(ctx context.Context, path string) error {
	if err := oneOf("dtype", f.dtype, storageNames); err != nil {
		return err
	}
	if err := oneOf("embeddings", f.embeddings, embeddingNames); err != nil {
		return err
	}
	if f.output == "" {
		return usage("name the file to write with -o FILE")
	}
	found, err := locateModel(path)
	if err != nil {
		return err
	}
	checkpoint, err := weights.Open(found.path)
	if err != nil {
		return err
	}
	defer checkpoint.Close()
	file, err := newfile.Create(f.output, f.force)
	if err != nil {
		return err
	}
	defer file.Discard()
	if err := f.write(ctx, file, checkpoint); err != nil {
		return err
	}
	result, err := f.verify(file)
	if err != nil {
		return err
	}
	if err := file.Commit(); err != nil {
		return err
	}
	return f.print(result)
}

func (f *packFlags) write(ctx context.Context, file *newfile.File, c *weights.Checkpoint) error {
	var rows []string
	if f.embeddings == "int8" {
		table, err := infer.EmbeddingTable(c)
		if err != nil {
			return err
		}
		rows = append(rows, table)
	}
	buffered := bufio.NewWriterSize(interruptible{ctx, file}, 1<<20)
	if err := weights.Pack(buffered, c, storageTypes[f.dtype], rows...); err != nil {
		return err
	}
	return buffered.Flush()
}

// verify opens what was written as a model.
func (f *packFlags) verify(file *newfile.File) (packed, error) {
	stat, err := file.Stat()
	if err != nil {
		return packed{}, err
	}
	model, err := edge.Open(file.Name(), edge.WithThreads(f.threads))
	if err != nil {
		return packed{}, err
	}
	defer model.Close()
	info := model.Info()
	return packed{
		File:        f.output,
		Bytes:       stat.Size(),
		DType:       info.DType,
		Embeddings:  info.Embeddings,
		Fingerprint: info.Fingerprint,
	}, nil
}

func (f *packFlags) print(p packed) error {
	out := terminal.NewScreen(f.color)
	if f.json {
		return out.WriteJSON(p)
	}
	fmt.Fprintf(out, "%s: %s, weights stored as %s\n", p.File, terminal.Megabytes(uint64(p.Bytes)), storedAs(p.DType, p.Embeddings))
	return out.Flush()
}

// interruptible is a writer that fails once its context has ended, so that
// writing something large stops soon.
type interruptible struct {
	ctx context.Context
	io.Writer
}

func (w interruptible) Write(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.Writer.Write(p)
}
