package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/toller-search/toller/bench/longrun"
	"github.com/toller-search/toller/edge/eval/measure"
	"github.com/toller-search/toller/heads"
	"github.com/toller-search/toller/store"
)

// A way is a way to search.
type way struct {
	name   string
	mode   store.Mode
	fusion store.Fusion
	recall float64 // 0: the store's default
}

// ways starts with the one that the others are compared with.
var ways = []way{
	{name: "exact", mode: store.Exact},
	{name: "pruned", mode: store.Pruned},
	{name: "lexical", mode: store.Lexical},
	{name: "hybrid, MaxSim", mode: store.Hybrid, fusion: store.ByMaxSim},
	{name: "hybrid, weighted", mode: store.Hybrid, fusion: store.Weighted},
	{name: "hybrid, RRF", mode: store.Hybrid, fusion: store.RRF},
}

// ways are those that are asked for.
func (o *options) ways() []way {
	if o.exactly {
		return ways[:1]
	}
	return ways
}

// depth is how many hits the measures look at.
const depth = 10

func qualityFlags(flags *flag.FlagSet, o *options) {
	formsFlag(flags, o, allForms)
	flags.BoolVar(&o.exactly, "exactly", false, "search exactly only, to compare forms in little time")
	flags.IntVar(&o.limit, "limit", 0, "use the first `n` judged queries only (default all)")
}

func checkQuality(o *options) error {
	if o.limit < 0 {
		return fmt.Errorf("--limit: expected 0 or more, found %d", o.limit)
	}
	return nil
}

// quality measures all collections.
func (b *bench) quality(ctx context.Context) error {
	for _, data := range b.data {
		c, err := b.collectionQuality(ctx, data)
		if err != nil {
			return err
		}
		b.report.Collections = append(b.report.Collections, c)
	}
	return nil
}

func (b *bench) collectionQuality(ctx context.Context, data string) (*collectionQuality, error) {
	l, err := b.library(ctx, data)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	st, err := l.Stat(ctx)
	if err != nil {
		return nil, err
	}
	c := &collectionQuality{
		Data:               l.name,
		Documents:          st.Documents,
		Queries:            len(l.queries),
		VectorsPerDocument: float64(st.Tokens) / float64(max(st.Documents, 1)),
	}
	for _, f := range b.forms {
		if err := b.formQuality(ctx, l, f, c); err != nil {
			return nil, fmt.Errorf("%s as %s: %w", l.name, f, err)
		}
	}
	return c, nil
}

// formQuality measures every way to search a collection in one form.
func (b *bench) formQuality(ctx context.Context, l *library, f form, c *collectionQuality) error {
	folder, err := os.MkdirTemp(b.folder, "form-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	s, err := f.create(ctx, b, filepath.Join(folder, "store.db"))
	if err != nil {
		return err
	}
	defer s.Close()
	if err := l.fill(ctx, b, s, f); err != nil {
		return err
	}
	var exact [][]measure.Hit
	for _, w := range b.ways() {
		what := fmt.Sprintf("%s as %s, %s", l.name, f, w.name)
		var found [][]measure.Hit
		var err error
		if w.mode == store.Exact {
			found, err = b.scoreAll(ctx, s, l, what)
			exact = found
		} else {
			found, err = b.searchAll(ctx, s, l, w, what)
		}
		if err != nil {
			return err
		}
		r := result{Stored: f.String(), title: f.title(), Way: w.name}
		r.NDCG10 = l.ndcg(found)
		r.OfExact = overlap(exact, found)
		c.add(r)
		// All of it may take hours.
		fmt.Fprintf(b.stderr, "store: %s as %s, %s: nDCG@10 %s\n", l.name, f, w.name, fraction(r.NDCG10))
	}
	return nil
}

// scoreAll returns the hits of an exact search for every query. It decodes each
// document once for all of them, where Search would read the whole store for
// each: minutes in place of hours. But for rounding the scores are Search's,
// which package store tests.
func (b *bench) scoreAll(ctx context.Context, s *store.Store, l *library, what string) ([][]measure.Hit, error) {
	st, err := s.Stat(ctx)
	if err != nil {
		return nil, err
	}
	bar := longrun.NewProgress(b.stderr, "store", what, int(st.Documents))
	defer bar.Close()
	best := make([]*measure.Top, len(l.queries))
	for i, q := range l.queries {
		best[i] = measure.NewTop(depth, q.ID)
	}
	done := 0
	var batch []*store.Document
	score := func() error {
		err := longrun.Each(ctx, b.threads, len(l.queries), func(i int) {
			for _, d := range batch {
				if p := d.Passages[0]; len(p.Vectors) > 0 {
					best[i].Offer(d.Key, heads.MaxSim(l.queries[i].Vectors, p.Vectors, st.Model.Dim))
				}
			}
		})
		done += len(batch)
		batch = batch[:0]
		bar.Set(done)
		return err
	}
	var failure error
	if err := s.Documents(ctx, store.Selection{Vectors: true}, func(d *store.Document) bool {
		if batch = append(batch, d); len(batch) == batchDocuments {
			failure = score()
		}
		return failure == nil
	}); err != nil {
		return nil, err
	}
	if failure == nil {
		failure = score()
	}
	found := make([][]measure.Hit, len(best))
	for i, top := range best {
		found[i] = top.Ranking()
	}
	return found, failure
}

// searchAll returns the hits of every query. As usual with such collections, a
// document with the query's own id is left out.
func (b *bench) searchAll(ctx context.Context, s *store.Store, l *library, w way, what string) ([][]measure.Hit, error) {
	bar := longrun.NewProgress(b.stderr, "store", what, len(l.queries))
	defer bar.Close()
	found := make([][]measure.Hit, len(l.queries))
	errs := make([]error, len(l.queries))
	// The queries of one part are searched for at the same time.
	const part = 16
	for first := 0; first < len(l.queries); first += part {
		if err := longrun.Each(ctx, b.threads, min(part, len(l.queries)-first), func(i int) {
			i += first
			q := l.queries[i]
			hits, err := s.Search(ctx, store.Query{Vectors: q.Vectors, Text: q.Text, K: depth + 1, Mode: w.mode, Fusion: w.fusion, Recall: w.recall})
			for _, hit := range hits {
				if hit.Key != q.ID && len(found[i]) < depth {
					found[i] = append(found[i], measure.Hit{Document: hit.Key, Score: float32(hit.Score)})
				}
			}
			if err != nil {
				errs[i] = fmt.Errorf("query %q: %w", q.ID, err)
			}
		}); err != nil {
			return nil, err
		}
		bar.Set(min(first+part, len(l.queries)))
	}
	return found, errors.Join(errs...)
}

// overlap is the share of the hits of want that got has, over all queries.
func overlap(want, got [][]measure.Hit) float64 {
	all, both := 0, 0
	for i := range want {
		has := make(map[string]bool)
		for _, hit := range got[i] {
			has[hit.Document] = true
		}
		for _, hit := range want[i] {
			all++
			if has[hit.Document] {
				both++
			}
		}
	}
	if all == 0 {
		return 0
	}
	return float64(both) / float64(all)
}
