package main

import (
	"github.com/spf13/cobra"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/files/formats"
	"github.com/toller-search/toller/edge/files/walk"
)

// listing says which files of a folder are read.
type listing struct {
	include, exclude []string
	hidden, noIgnore bool
}

func (l *listing) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&l.include, "include", nil, "read only files that match this pattern (repeatable)")
	flags.StringArrayVar(&l.exclude, "exclude", nil, "leave files and folders that match this pattern out (repeatable)")
	flags.BoolVar(&l.hidden, "hidden", false, "read hidden files and folders")
	flags.BoolVar(&l.noIgnore, "no-ignore", false, "read what .gitignore files name")
}

func (l *listing) options() walk.Options {
	return walk.Options{Include: l.include, Exclude: l.exclude, Hidden: l.hidden, All: l.noIgnore}
}

func (l *listing) check() error {
	if err := l.options().Check(); err != nil {
		return usageError{err}
	}
	return nil
}

// reading says what is read, and how it is cut into documents.
type reading struct {
	listing
	format    string
	textField string
}

// formatAuto stands for what a file or stream turns out to be.
const formatAuto = "auto"

func formatNames() []string { return append([]string{formatAuto}, formats.Names()...) }

func (r *reading) add(cmd *cobra.Command) {
	r.listing.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&r.format, "format", formatAuto, "how to read input: auto (what it turns out to be), text (one document),\nlines or jsonl (one document a line), csv, code, markdown, html, pdf,\ndocx, pptx, xlsx, odf, epub, rtf, mail, notebook, subtitles or gzip")
	flags.StringVar(&r.textField, "text-field", "text", "field of a JSONL record, or column of a CSV file, that holds its text")
	completes(cmd, "format", formatNames())
}

func (r *reading) check() error {
	if err := oneOf("format", r.format, formatNames()); err != nil {
		return err
	}
	return r.listing.check()
}

// encoding says how documents are encoded.
type encoding struct {
	maxTokens int
	pool      int         // 0: as the model's checkpoint says
	given     func() bool // that pool was
}

func (e *encoding) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.IntVar(&e.maxTokens, "max-tokens", 0, "tokens at which a document is cut (default: the model's)")
	flags.IntVar(&e.pool, "pool", 0, "keep one vector in so many, each the mean of similar ones (default: the model's, mostly all)")
	e.given = func() bool { return flags.Changed("pool") }
}

func (e *encoding) check() error {
	if e.maxTokens < 0 {
		return usage("--max-tokens is %d, expected 0 or more", e.maxTokens)
	}
	if e.given() && e.pool < 1 {
		return usage("--pool is %d, expected 1 or more", e.pool)
	}
	return nil
}

// unpooled are the options for vectors that are to be traced back to words.
func (e *encoding) unpooled() []edge.EncodeOption {
	return []edge.EncodeOption{edge.MaxTokens(e.maxTokens), edge.PoolFactor(1)}
}

func (e *encoding) options() []edge.EncodeOption {
	return []edge.EncodeOption{edge.MaxTokens(e.maxTokens), edge.PoolFactor(e.pool)}
}
