package main

import (
	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge"
)

// reading says how input is cut into documents.
type reading struct {
	format    string
	textField string
}

func (r *reading) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&r.format, "format", formatAuto, "how to read input: auto, text (it is one document),\nlines or jsonl (one document a line)")
	flags.StringVar(&r.textField, "text-field", "text", "field of a JSONL record that holds its text")
	completes(cmd, "format", formats)
}

func (r *reading) check() error {
	return oneOf("format", r.format, formats)
}

// encoding says how documents are encoded.
type encoding struct {
	maxTokens int
	pool      int
}

func (e *encoding) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.IntVar(&e.maxTokens, "max-tokens", 0, "tokens at which a document is cut (default: the model's)")
	flags.IntVar(&e.pool, "pool", 1, "keep one vector in so many, each the mean of similar ones")
}

func (e *encoding) check() error {
	if e.maxTokens < 0 {
		return usage("--max-tokens is %d, expected 0 or more", e.maxTokens)
	}
	if e.pool < 1 {
		return usage("--pool is %d, expected 1 or more", e.pool)
	}
	return nil
}

// unpooled are the options for vectors that are to be traced back to words.
func (e *encoding) unpooled() []edge.EncodeOption {
	return []edge.EncodeOption{edge.MaxTokens(e.maxTokens)}
}

func (e *encoding) options() []edge.EncodeOption {
	return append(e.unpooled(), edge.PoolFactor(e.pool))
}
