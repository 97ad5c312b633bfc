package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/toller-search/toller/bench/longrun"
	"github.com/toller-search/toller/edge/eval/beir"
	"github.com/toller-search/toller/edge/index"
	"github.com/toller-search/toller/store"
)

func answerFlags(flags *flag.FlagSet, o *options) {
	formsFlag(flags, o, "4bit")
	flags.IntVar(&o.entries, "entries", 0, "index the first `n` documents of the collection only (default all)")
	flags.IntVar(&o.queries, "queries", 100, "how many of the collection's queries to time")
	flags.IntVar(&o.hits, "hits", depth, "how many results to search for")
	flags.IntVar(&o.rounds, "rounds", 3, "how often to time each, after a first time that doesn't count")
}

func checkAnswer(o *options) error {
	if min(o.queries, o.hits, o.rounds) < 1 || o.entries < 0 {
		return fmt.Errorf("--queries, --hits, --rounds: expected at least 1, --entries: 0 or more")
	}
	o.limit = o.queries
	return nil
}

// asked are the modes whose answers are timed.
var asked = []store.Mode{store.Pruned, store.Lexical, store.Hybrid}

// answer times a search as a program makes it, from the query's text to
// results with snippets, beside its parts: encoding the query, and searching
// the store with the query's vectors.
func (b *bench) answer(ctx context.Context) error {
	set, err := beir.Find(b.data[0], "", "")
	if err != nil {
		return err
	}
	full, err := filepath.Abs(b.data[0])
	if err != nil {
		return err
	}
	l := &library{name: filepath.Base(full), set: set}
	if err := l.encodeQueries(ctx, b); err != nil {
		return err
	}
	for _, f := range b.forms {
		if err := b.formAnswer(ctx, l, f); err != nil {
			return fmt.Errorf("%s as %s: %w", l.name, f, err)
		}
	}
	return nil
}

func (b *bench) formAnswer(ctx context.Context, l *library, f form) error {
	path, err := b.indexed(ctx, l, f)
	if err != nil {
		return err
	}
	x, err := index.Open(ctx, path, b.model)
	if err != nil {
		return err
	}
	defer x.Close()
	// The same file, to search with vectors.
	s, err := store.Open(ctx, path, store.Options{ReadOnly: true, Threads: b.threads})
	if err != nil {
		return err
	}
	defer s.Close()
	st, err := s.Stat(ctx)
	if err != nil {
		return err
	}
	for _, mode := range asked {
		row := answer{Data: l.name, Stored: f.String(), title: f.title(), Documents: st.Documents, Passages: st.Passages,
			Mode: mode.String(), Queries: len(l.queries), Rounds: b.rounds}
		if err := b.modeAnswer(ctx, x, s, l, mode, &row); err != nil {
			return err
		}
		b.report.Answers = append(b.report.Answers, row)
	}
	return nil
}

// indexed makes an index of the collection, or finds the one that an earlier
// run left in the folder.
func (b *bench) indexed(ctx context.Context, l *library, f form) (path string, err error) {
	fingerprint := b.identity().Fingerprint
	path = filepath.Join(b.folder, fmt.Sprintf("index-%s-%x-%s-%d-%d.db", l.name, fingerprint[:4], f.kind, f.pool, b.entries))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	// It gets its name when it is complete.
	unfinished := path + ".unfinished"
	if err := removeStore(unfinished); err != nil {
		return "", err
	}
	x, err := index.Open(ctx, unfinished, b.model, index.WithCodec(f.kind.String()), index.WithPooling(f.pool))
	if err != nil {
		return "", err
	}
	defer x.Close()
	if err := b.index(ctx, x, l); err != nil {
		return "", err
	}
	if err := x.Close(); err != nil {
		return "", err
	}
	return path, os.Rename(unfinished, path)
}

// index adds the collection's documents.
func (b *bench) index(ctx context.Context, x *index.Index, l *library) error {
	bar := longrun.NewProgress(b.stderr, "store", "indexing "+l.name, b.entries)
	defer bar.Close()
	var entries []index.Entry
	done := 0
	add := func() error {
		err := x.Add(ctx, entries)
		done += len(entries)
		bar.Set(done)
		entries = entries[:0]
		return err
	}
	for d, err := range beir.Documents(l.set.Corpus) {
		if err != nil {
			return err
		}
		if b.entries > 0 && done+len(entries) == b.entries {
			break
		}
		if entries = append(entries, index.Entry{Key: d.ID, Title: d.Title, Text: d.Text}); len(entries) == shareRound {
			if err := add(); err != nil {
				return err
			}
		}
	}
	return add()
}

// modeAnswer takes turns, query by query: other work on the machine slows all
// of them.
func (b *bench) modeAnswer(ctx context.Context, x *index.Index, s *store.Store, l *library, mode store.Mode, row *answer) error {
	bar := longrun.NewProgress(b.stderr, "store", l.name+", "+mode.String(), (b.rounds+1)*len(l.queries))
	defer bar.Close()
	var whole, encoding, searching, rest []time.Duration
	for round := range b.rounds + 1 {
		for i, q := range l.queries {
			start := time.Now()
			results, err := x.Search(ctx, q.Text, index.In(mode), index.TopK(b.hits))
			if err != nil {
				return fmt.Errorf("query %q: %w", q.ID, err)
			}
			answered := time.Since(start)

			var encoded time.Duration
			if mode != store.Lexical {
				start = time.Now()
				if _, err := b.model.EncodeQuery(ctx, q.Text); err != nil {
					return fmt.Errorf("query %q: %w", q.ID, err)
				}
				encoded = time.Since(start)
			}

			start = time.Now()
			hits, err := s.Search(ctx, store.Query{Vectors: q.Vectors, Text: q.Text, K: b.hits, Mode: mode})
			if err != nil {
				return fmt.Errorf("query %q: %w", q.ID, err)
			}
			searched := time.Since(start)
			if len(hits) != len(results) {
				return fmt.Errorf("query %q: the index has %d results, its store %d", q.ID, len(results), len(hits))
			}
			bar.Set(round*len(l.queries) + i + 1)
			if round > 0 {
				whole, encoding, searching = append(whole, answered), append(encoding, encoded), append(searching, searched)
				rest = append(rest, answered-encoded-searched)
			}
		}
	}
	row.P50MS, row.P95MS = milliseconds(quantile(whole, .5)), milliseconds(quantile(whole, .95))
	row.EncodingP50MS, row.EncodingP95MS = milliseconds(quantile(encoding, .5)), milliseconds(quantile(encoding, .95))
	row.SearchingP50MS, row.SearchingP95MS = milliseconds(quantile(searching, .5)), milliseconds(quantile(searching, .95))
	row.RestP50MS, row.RestP95MS = milliseconds(quantile(rest, .5)), milliseconds(quantile(rest, .95))
	return nil
}
