package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/toller-search/toller/edge/eval/measure"
	"github.com/toller-search/toller/store"
)

const allRecalls = "0.9,0.95,0.99,1"

func recallFlags(flags *flag.FlagSet, o *options) {
	formsFlag(flags, o, "4bit,fp16")
	o.recalls, _ = parseRecalls(allRecalls)
	flags.Func("recall", "what to ask for: `numbers` separated by commas (default "+allRecalls+")", func(list string) (err error) {
		o.recalls, err = parseRecalls(list)
		return err
	})
	flags.IntVar(&o.limit, "limit", 0, "use the first `n` judged queries only (default all)")
}

func parseRecalls(list string) ([]float64, error) {
	var recalls []float64
	for text := range strings.SplitSeq(list, ",") {
		r, err := strconv.ParseFloat(text, 64)
		if err != nil || !(r > 0 && r <= 1) {
			return nil, fmt.Errorf("expected numbers above 0 and up to 1, found %q", text)
		}
		recalls = append(recalls, r)
	}
	return recalls, nil
}

// recall compares the first ten of pruned searches with those of exact ones.
func (b *bench) recall(ctx context.Context) error {
	for _, data := range b.data {
		l, err := b.library(ctx, data)
		if err != nil {
			return err
		}
		for _, f := range b.forms {
			if err := b.formRecall(ctx, l, f); err != nil {
				l.Close()
				return fmt.Errorf("%s as %s: %w", l.name, f, err)
			}
		}
		if err := l.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) formRecall(ctx context.Context, l *library, f form) error {
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
	exact, err := b.scoreAll(ctx, s, l, fmt.Sprintf("%s as %s, exact", l.name, f))
	if err != nil {
		return err
	}
	row := recallRow{Data: l.name, Stored: f.String(), title: f.title(), Queries: len(l.queries), ExactNDCG10: l.ndcg(exact)}
	for _, asked := range b.recalls {
		found, err := b.searchAll(ctx, s, l, way{mode: store.Pruned, recall: asked}, fmt.Sprintf("%s as %s, recall %v", l.name, f, asked))
		if err != nil {
			return err
		}
		row.Found = append(row.Found, recallFound{Asked: asked, OfExact: overlap(exact, found), NDCG10: l.ndcg(found)})
	}
	b.report.Recalls = append(b.report.Recalls, row)
	return nil
}

// ndcg is the mean nDCG@10 of the queries' hits.
func (l *library) ndcg(found [][]measure.Hit) float64 {
	sum := 0.0
	for i, q := range l.queries {
		sum += measure.NDCG(found[i], l.qrels[q.ID], depth)
	}
	return sum / float64(len(l.queries))
}
