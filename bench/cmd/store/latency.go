package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"time"
)

func latencyFlags(flags *flag.FlagSet, o *options) {
	formsFlag(flags, o, "4bit")
	seedFlag(flags, o)
	flags.IntVar(&o.passages, "passages", 100000, "how many passages to store")
	flags.IntVar(&o.tokens, "tokens", 128, "how many vectors each has")
	flags.IntVar(&o.queries, "queries", 300, "how many of the collection's queries to time")
	flags.IntVar(&o.exact, "exact", 50, "how many of these to answer exactly too")
	flags.IntVar(&o.hits, "hits", depth, "how many hits to search for")
	flags.IntVar(&o.opens, "opens", 5, "how many processes to time the opening with")
}

func checkLatency(o *options) error {
	if min(o.passages, o.tokens, o.queries, o.hits, o.opens) < 1 || o.exact < 0 {
		return fmt.Errorf("--passages, --tokens, --queries, --hits, --opens: expected at least 1, --exact: 0 or more")
	}
	o.limit = o.queries
	return nil
}

// latency measures searching a large store in each form.
func (b *bench) latency(ctx context.Context) error {
	l, err := b.library(ctx, b.data[0])
	if err != nil {
		return err
	}
	defer l.Close()
	source, err := l.source(ctx)
	if err != nil {
		return err
	}
	for _, f := range b.forms {
		path, how, err := b.large(ctx, l, source, f)
		if err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
		row := latency{Data: l.name, Stored: f.String(), title: f.title(), Passages: b.passages, Tokens: b.tokens, Building: how}
		if err := b.searchLarge(ctx, l, path, &row); err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
		b.report.Latencies = append(b.report.Latencies, row)
	}
	return nil
}

func (b *bench) searchLarge(ctx context.Context, l *library, path string, row *latency) error {
	var opening, first []time.Duration
	for range b.opens {
		found, err := b.searcher(ctx, task{Path: path, Queries: l.queries[:1], Hits: b.hits})
		if err != nil {
			return err
		}
		opening, first = append(opening, found.Opening), append(first, found.Opening+found.First)
	}
	row.OpenMS, row.OpenAndSearchMS = milliseconds(quantile(opening, .5)), milliseconds(quantile(first, .5))

	exact := min(b.exact, len(l.queries))
	found, err := b.searcher(ctx, task{Path: path, Queries: l.queries, Hits: b.hits, Exact: exact})
	if err != nil {
		return err
	}
	row.Queries = len(l.queries)
	for _, q := range l.queries {
		row.VectorsPerQuery += float64(len(q.Vectors)/b.model.Info().Dim) / float64(len(l.queries))
	}
	row.P50MS, row.P95MS = milliseconds(quantile(found.Times, .5)), milliseconds(quantile(found.Times, .95))
	row.ProcessorP50MS, row.ProcessorP95MS = milliseconds(quantile(found.Processor, .5)), milliseconds(quantile(found.Processor, .95))
	row.ExactQueries = exact
	if exact > 0 {
		row.ExactP50MS = milliseconds(quantile(found.ExactTimes, .5))
		row.Recall = found.recall()
	}
	row.SteadyBytes, row.PeakBytes = found.Steady, found.Peak
	row.FileBytes, row.Centroids = found.FileBytes, found.Centroids
	return nil
}

// recall is the share of the hits of exact searches that pruned ones found.
func (f *finding) recall() float64 {
	all, both := 0, 0
	for i, want := range f.ExactHits {
		for _, passage := range want {
			all++
			if slices.Contains(f.Hits[i], passage) {
				both++
			}
		}
	}
	return float64(both) / float64(max(all, 1))
}

// quantile is the smallest of the times that a share of them doesn't exceed.
func quantile(times []time.Duration, share float64) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1e3 }
