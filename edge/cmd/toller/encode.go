package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/cmd/toller/evidence"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/files"
)

// encodeBatch is how many documents' vectors are held at a time.
const encodeBatch = 16

// encodeFlags are the flags of toller encode.
type encodeFlags struct {
	*options
	reading
	encoding
	query, document bool
	files           []string
	npy             string
	force           bool
}

// encodedText is a text with its vectors, one JSON line of toller encode.
type encodedText struct {
	Name      string           `json:"name"`
	Kind      string           `json:"kind"`  // "query" or "document"
	Model     edge.Fingerprint `json:"model"` // vectors of different models can't be compared
	Dim       int              `json:"dim"`
	Truncated bool             `json:"truncated"`
	Tokens    []evidence.Token `json:"tokens"` // one for each vector
	Vectors   [][]float32      `json:"vectors,omitempty"`

	// In place of Vectors, where these are in a .npy file.
	FirstRow *int `json:"first_row,omitempty"` // from 0
	Rows     int  `json:"rows,omitempty"`

	data []float32 // Vectors one after the other
}

func encodeCommand(o *options) *cobra.Command {
	f := &encodeFlags{options: o}
	cmd := &cobra.Command{
		Use:   "encode (--query | --document) [TEXT... | -]",
		Short: "Print the vectors of texts",
		Long: `Print the vectors of texts, encoded as queries or as documents: the two differ.

Every TEXT is a text of its own; - stands for the lines of standard input, as
does no TEXT. --file reads files, folders and .jsonl files as toller rank does.

Each text gives one line of JSON: "name", "kind", "model" (a fingerprint), "dim",
"truncated", "tokens" and "vectors", one vector a token. A token has "ids" and
"spans", the bytes of the text that it stands for, and their "text"; one that the
model adds has a "name" instead. A pooled vector has several ids and spans.

With --npy FILE.npy all vectors go into one float32 array [rows, dim], in order
of the texts, and their lines, with "first_row" and "rows" in place of "vectors",
into FILE.jsonl.`,
		Example: `  toller encode --query "what slows bone loss?"
  toller encode --document --file abstracts.jsonl --npy abstracts.npy`,
		RunE: runs(func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) }),
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.query, "query", false, "encode texts as queries")
	flags.BoolVar(&f.document, "document", false, "encode texts as documents")
	flags.StringArrayVarP(&f.files, "file", "f", nil, "read texts from this file or folder (repeatable)")
	flags.StringVar(&f.npy, "npy", "", "write the vectors into this file, as a NumPy array")
	flags.BoolVar(&f.force, "force", false, "overwrite the files of --npy")
	f.reading.add(cmd)
	f.encoding.add(cmd)
	return cmd
}

func (f *encodeFlags) run(cmd *cobra.Command, args []string) error {
	if err := f.check(); err != nil {
		return err
	}
	found, err := f.texts(cmd.Context(), args)
	if err != nil {
		return err
	}
	summarize(found)
	if len(found.Documents) == 0 {
		return noDocuments(found)
	}
	model, err := f.open()
	if err != nil {
		return err
	}
	defer model.Close()
	if f.npy != "" {
		return f.writeArray(cmd.Context(), model, found.Documents)
	}
	out := terminal.NewScreen(f.color)
	err = f.encode(cmd.Context(), model, found.Documents, func(t encodedText) error {
		return out.WriteJSONLine(t)
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

func (f *encodeFlags) check() error {
	if err := f.reading.check(); err != nil {
		return err
	}
	if f.query == f.document {
		return usage("choose one of --query and --document: the two are encoded differently")
	}
	if f.query && (f.pool > 1 || f.maxTokens != 0) {
		return usage("--pool and --max-tokens are for documents")
	}
	return f.encoding.check()
}

// texts gathers the texts of the command line, of standard input and of
// --file, in this order.
func (f *encodeFlags) texts(ctx context.Context, args []string) (*files.Collection, error) {
	var texts []files.Document
	var paths []string
	for _, arg := range args {
		if arg == files.Stdin {
			paths = append(paths, files.Stdin)
			continue
		}
		if err := checkUTF8("text", arg); err != nil {
			return nil, err
		}
		texts = append(texts, files.Document{Name: arg, Text: arg})
	}
	paths = append(paths, f.files...)
	if len(texts) == 0 {
		var err error
		if paths, err = inputs(paths); err != nil {
			return nil, err
		}
	}
	found, err := f.collect(ctx, &f.reading, paths)
	if err != nil {
		return nil, err
	}
	found.Documents = append(texts, found.Documents...)
	return found, nil
}

// encode encodes texts batch by batch and hands each to emit, in order.
func (f *encodeFlags) encode(ctx context.Context, model *edge.Model, texts []files.Document, emit func(encodedText) error) error {
	bar := terminal.NewProgress("encoding", !f.noProgress)
	defer bar.Close()
	for done := 0; done < len(texts); done += encodeBatch {
		bar.Update(done, len(texts))
		batch := texts[done:min(done+encodeBatch, len(texts))]
		encoded, err := f.batch(ctx, model, batch)
		if err != nil {
			return err
		}
		for _, t := range encoded {
			if err := emit(t); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *encodeFlags) batch(ctx context.Context, model *edge.Model, texts []files.Document) ([]encodedText, error) {
	encoded := make([]encodedText, len(texts))
	if f.query {
		for i, t := range texts {
			q, err := model.EncodeQuery(ctx, t.Text)
			if err != nil {
				return nil, err
			}
			encoded[i] = newEncodedText(t, "query", q)
		}
		return encoded, nil
	}
	plain := make([]string, len(texts))
	for i, t := range texts {
		plain[i] = t.Text
	}
	documents, err := model.EncodeDocuments(ctx, plain, f.encoding.options()...)
	if err != nil {
		return nil, err
	}
	for i, d := range documents {
		encoded[i] = newEncodedText(texts[i], "document", d)
	}
	return encoded, nil
}

// vectors is what edge.Query and edge.Document have in common.
type vectors interface {
	Dim() int
	Len() int
	Vectors() []float32
	Tokens() []edge.Token
	Truncated() bool
	Model() edge.Fingerprint
}

func newEncodedText(d files.Document, kind string, v vectors) encodedText {
	t := encodedText{
		Name:      d.Name,
		Kind:      kind,
		Dim:       v.Dim(),
		Truncated: v.Truncated(),
		Tokens:    make([]evidence.Token, v.Len()),
		Vectors:   make([][]float32, v.Len()),
		Model:     v.Model(),
		data:      v.Vectors(),
	}
	for i, original := range v.Tokens() {
		t.Tokens[i] = evidence.NewToken(original, d.Text)
		t.Vectors[i] = t.data[i*t.Dim : (i+1)*t.Dim]
	}
	return t
}
