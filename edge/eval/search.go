package eval

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/eval/beir"
	"github.com/toller-search/toller/edge/eval/measure"
	"github.com/toller-search/toller/edge/index"
)

// search fills in the run of Search: it builds an index with the defaults of package
// index and searches that, a document being as good as its best passage.
func (e *Evaluation) search(ctx context.Context, m *edge.Model, c *collection, o Options) (err error) {
	folder, err := os.MkdirTemp(o.Folder, "toller-eval")
	if err != nil {
		return fmt.Errorf("eval: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	x, err := index.Open(ctx, filepath.Join(folder, "index.db"), m)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()

	start := time.Now()
	if err := c.fill(ctx, x, o); err != nil {
		return err
	}
	e.Cost.Indexing = time.Since(start)

	start = time.Now()
	found := make(rankings, len(c.queries))
	for i, q := range c.queries {
		results, err := x.Search(ctx, q.Text, index.TopK(o.Depth+1), index.PerDocument(true), index.WithoutSnippets())
		if err != nil {
			return fmt.Errorf("query %q: %w", q.ID, err)
		}
		for _, r := range results {
			if r.Key != q.ID {
				found[i] = append(found[i], measure.Hit{Document: r.Key, Score: float32(r.Score)})
			}
		}
		o.Progress("searching", i+1, len(c.queries))
	}
	e.Cost.Searching = time.Since(start)
	e.add(Search, found, o.Depth)
	return nil
}

// fill puts the whole corpus into an index.
func (c *collection) fill(ctx context.Context, x *index.Index, o Options) error {
	var batch []index.Entry
	size, done := 0, 0
	flush := func() error {
		err := x.Add(ctx, batch)
		done += len(batch)
		batch, size = batch[:0], 0
		o.Progress("indexing", done, len(c.ids))
		return err
	}
	for d, err := range beir.Documents(c.set.Corpus) {
		if err != nil {
			return err
		}
		if len(batch) == batchDocuments || size > 0 && size+len(d.Text) > batchBytes {
			if err := flush(); err != nil {
				return err
			}
		}
		batch = append(batch, index.Entry{Key: d.ID, Title: d.Title, Text: d.Text})
		size += len(d.Text)
	}
	return flush()
}
