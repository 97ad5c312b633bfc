package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/toller-search/toller/bench/longrun"
	"github.com/toller-search/toller/bench/synthetic"
	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/store"
)

func ingestFlags(flags *flag.FlagSet, o *options) {
	formsFlag(flags, o, "4bit")
	seedFlag(flags, o)
	flags.IntVar(&o.passages, "passages", 100000, "how many passages the large store has")
	flags.IntVar(&o.tokens, "tokens", 128, "how many vectors each has")
	flags.IntVar(&o.adding, "add", 200, "how many documents to add at once")
	flags.IntVar(&o.rounds, "rounds", 15, "how often to do that")
	flags.IntVar(&o.entries, "entries", 0, "index the first `n` documents of the collection only (default all)")
}

func checkIngest(o *options) error {
	if min(o.passages, o.tokens, o.adding, o.rounds) < 1 || o.entries < 0 {
		return fmt.Errorf("--passages, --tokens, --add, --rounds: expected at least 1, --entries: 0 or more")
	}
	return nil
}

// ingest compares adding to a large store with adding to an empty one, and
// with encoding.
func (b *bench) ingest(ctx context.Context) error {
	l, err := b.library(ctx, b.data[0])
	if err != nil {
		return err
	}
	defer l.Close()
	source, err := l.source(ctx)
	if err != nil {
		return err
	}
	if st, err := l.Stat(ctx); err != nil {
		return err
	} else if b.entries == 0 || b.entries > int(st.Documents) {
		b.entries = int(st.Documents)
	}
	for _, f := range b.forms {
		path, _, err := b.large(ctx, l, source, f)
		if err == nil {
			err = b.formIngest(ctx, l, source, f, path)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
	}
	return nil
}

func (b *bench) formIngest(ctx context.Context, l *library, source *synthetic.Source, f form, path string) error {
	folder, err := os.MkdirTemp(b.folder, "form-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	row := ingest{Data: l.name, Stored: f.String(), title: f.title(), Passages: b.passages, Tokens: b.tokens, Added: b.adding, Rounds: b.rounds}

	copied := filepath.Join(folder, "large.db")
	if err := copyFile(copied, path); err != nil {
		return err
	}
	large, err := f.create(ctx, b, copied)
	if err != nil {
		return err
	}
	defer large.Close()
	bar := longrun.NewProgress(b.stderr, "store", "adding", 2*b.rounds+2)
	defer bar.Close()
	var before, after []time.Duration
	for round := range b.rounds {
		documents, err := b.synthesize(ctx, source, f, b.passages+round*b.adding, b.adding)
		if err != nil {
			return err
		}
		took, err := timeAdding(ctx, large, documents, len(documents))
		if err != nil {
			return err
		}
		after = append(after, took)
		bar.Set(2*round + 1)

		empty, err := f.create(ctx, b, filepath.Join(folder, fmt.Sprintf("empty-%d.db", round)))
		if err != nil {
			return err
		}
		took, err = timeAdding(ctx, empty, documents, len(documents))
		if closing := empty.Close(); err == nil {
			err = closing
		}
		if err != nil {
			return err
		}
		before = append(before, took)
		bar.Set(2*round + 2)
	}
	row.Empty, row.Large = summarise(before), summarise(after)

	// One by one, each document a transaction.
	documents, err := b.synthesize(ctx, source, f, b.passages+b.rounds*b.adding, b.adding)
	if err != nil {
		return err
	}
	took, err := timeAdding(ctx, large, documents, 1)
	if err != nil {
		return err
	}
	row.LargeSingleMS = milliseconds(took) / float64(len(documents))
	bar.Set(2*b.rounds + 1)
	empty, err := f.create(ctx, b, filepath.Join(folder, "empty.db"))
	if err != nil {
		return err
	}
	defer empty.Close()
	if took, err = timeAdding(ctx, empty, documents, 1); err != nil {
		return err
	}
	row.EmptySingleMS = milliseconds(took) / float64(len(documents))

	texts := make([]string, len(documents))
	for i, d := range documents {
		texts[i] = d.Text
	}
	start := time.Now()
	if _, err := b.model.EncodeDocuments(ctx, texts, edge.MaxTokens(b.maxTokens)); err != nil {
		return err
	}
	row.EncodingMS = milliseconds(time.Since(start))
	if row.Share, err = b.share(ctx, l, f, folder); err != nil {
		return err
	}
	b.report.Ingests = append(b.report.Ingests, row)
	return nil
}

// timeAdding adds documents, some at a time.
func timeAdding(ctx context.Context, s *store.Store, documents []store.Document, atOnce int) (time.Duration, error) {
	start := time.Now()
	for first := 0; first < len(documents); first += atOnce {
		if _, err := s.Add(ctx, documents[first:min(first+atOnce, len(documents))]); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

func summarise(times []time.Duration) rounds {
	r := rounds{MedianMS: milliseconds(quantile(times, .5)), LongestMS: milliseconds(quantile(times, 1))}
	for _, t := range times {
		r.MeanMS += milliseconds(t) / float64(len(times))
	}
	return r
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
