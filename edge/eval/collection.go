package eval

import (
	"context"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/toller-search/toller/edge/eval/beir"
	"github.com/toller-search/toller/edge/eval/bm25"
	"github.com/toller-search/toller/edge/eval/measure"
)

// rankings are the results of all queries, best first, in the order of the
// queries.
type rankings [][]measure.Hit

// collection is a test collection without the texts of its documents.
type collection struct {
	set     beir.Set
	ids     []string // of the documents, in file order
	queries []beir.Query
	qrels   beir.Qrels
	lost    int         // relevant documents that aren't there
	lexical *bm25.Index // nil unless BM25 is wanted
}

// load reads queries and judgements and makes the first pass over the corpus.
func load(ctx context.Context, set beir.Set, o Options) (*collection, error) {
	queries, qrels, err := set.Judged()
	if err != nil {
		return nil, err
	}
	if o.Queries > 0 {
		queries = queries[:min(o.Queries, len(queries))]
	}
	c := &collection{set: set, queries: queries, qrels: qrels}
	if o.wants(BM25) || o.wants(Rerank) && o.Candidates == nil {
		c.lexical = bm25.New(bm25.English)
	}
	known := make(map[string]bool)
	for d, err := range beir.Documents(set.Corpus) {
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c.ids = append(c.ids, d.ID)
		known[d.ID] = true
		if c.lexical != nil {
			c.lexical.Add(d.Content())
		}
	}
	c.lost = c.missing(known)
	return c, nil
}

// missing counts the relevant documents of the queries that aren't known.
func (c *collection) missing(known map[string]bool) int {
	lost := 0
	for _, q := range c.queries {
		for id, grade := range c.qrels[q.ID] {
			if grade >= 1 && !known[id] {
				lost++
			}
		}
	}
	return lost
}

// bm25 ranks the documents that share a term with a query, at most k.
func (c *collection) bm25(ctx context.Context, k int) (rankings, error) {
	found := make(rankings, len(c.queries))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, q := range c.queries {
		work.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			top := measure.NewTop(k, q.ID)
			for document, score := range c.lexical.Scores(q.Text) {
				if score > 0 {
					top.Offer(c.ids[document], score)
				}
			}
			found[i] = top.Ranking()
			return nil
		})
	}
	return found, work.Wait()
}
