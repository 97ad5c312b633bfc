package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/toller-search/toller/bench/longrun"
	"github.com/toller-search/toller/bench/synthetic"
)

func sizeFlags(flags *flag.FlagSet, o *options) {
	formsFlag(flags, o, allForms)
	seedFlag(flags, o)
	flags.IntVar(&o.documents, "documents", 10000, "how many documents to store")
	flags.IntVar(&o.tokens, "tokens", 300, "how many vectors each has")
}

func checkSize(o *options) error {
	if min(o.documents, o.tokens) < 1 {
		return fmt.Errorf("--documents, --tokens: expected at least 1, found %d and %d", o.documents, o.tokens)
	}
	return nil
}

// size measures the file for each form.
func (b *bench) size(ctx context.Context) error {
	l, err := b.library(ctx, b.data[0])
	if err != nil {
		return err
	}
	defer l.Close()
	source, err := l.source(ctx)
	if err != nil {
		return err
	}
	b.report.Sizes = &sizes{Data: l.name, Documents: b.documents, Tokens: b.tokens}
	for _, f := range b.forms {
		if err := b.formSize(ctx, source, f); err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
	}
	return nil
}

func (b *bench) formSize(ctx context.Context, source *synthetic.Source, f form) error {
	folder, err := os.MkdirTemp(b.folder, "form-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "store.db")
	s, err := f.create(ctx, b, path)
	if err != nil {
		return err
	}
	defer s.Close()
	bar := longrun.NewProgress(b.stderr, "store", "storing as "+f.String(), b.documents)
	defer bar.Close()
	text := 0
	for first := 0; first < b.documents; first += batchDocuments {
		documents, err := b.synthesize(ctx, source, f, first, min(batchDocuments, b.documents-first))
		if err != nil {
			return err
		}
		for _, d := range documents {
			text += len(d.Text)
		}
		if _, err := s.Add(ctx, documents); err != nil {
			return err
		}
		bar.Set(first + len(documents))
	}
	if err := trained(ctx, s); err != nil {
		return err
	}
	if err := s.Compact(ctx, nil); err != nil {
		return err
	}
	st, err := s.Stat(ctx)
	if err != nil {
		return err
	}
	// Closing moves what the log still has into the file.
	if err := s.Close(); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	b.report.Sizes.TextBytes = text
	b.report.Sizes.Rows = append(b.report.Sizes.Rows, sizeRow{
		Stored:         f.String(),
		title:          f.title(),
		FileBytes:      info.Size(),
		Vectors:        st.Tokens,
		BytesPerVector: float64(info.Size()) / float64(st.Tokens),
	})
	return nil
}
