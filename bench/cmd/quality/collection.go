package main

import (
	"context"
	"fmt"
	"io"
	"runtime"

	"github.com/toller-search/toller/bench/beir"
	"github.com/toller-search/toller/bench/bm25"
	"github.com/toller-search/toller/bench/longrun"
	"github.com/toller-search/toller/bench/metrics"
)

// The rankings that can be measured.
const (
	bm25Mode   = "bm25"
	rerankMode = "rerank"
	fullMode   = "full"
)

var allModes = []string{bm25Mode, rerankMode, fullMode}

// depth is how many results of a ranking any measure looks at.
const depth = 100

// rankings are the results of all queries, best first, in the order of the
// queries.
type rankings [][]metrics.Hit

// collection is a test collection without the texts of its documents.
type collection struct {
	set     beir.Set
	ids     []string // of the documents, in file order
	queries []beir.Query
	qrels   beir.Qrels
	index   *bm25.Index // nil unless BM25 is wanted
}

// load reads queries and judgements and makes the first pass over the corpus.
func load(ctx context.Context, set beir.Set, o options, stderr io.Writer) (*collection, error) {
	queries, qrels, err := set.Judged()
	if err != nil {
		return nil, err
	}
	if o.limit > 0 {
		queries = queries[:min(o.limit, len(queries))]
	}
	c := &collection{set: set, queries: queries, qrels: qrels}
	if o.wants(bm25Mode) || o.wants(rerankMode) {
		c.index = bm25.New(bm25.English)
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
		if c.index != nil {
			c.index.Add(d.Content())
		}
	}
	if lost := c.lost(known); lost > 0 {
		// Some published collections are like this; trec_eval counts such
		// documents as relevant and not found.
		fmt.Fprintf(stderr, "quality: %d relevant documents are not in %s and count as not found\n", lost, set.Corpus)
	}
	return c, nil
}

// lost counts the relevant documents of the queries that aren't known.
func (c *collection) lost(known map[string]bool) int {
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
	err := longrun.Each(ctx, runtime.GOMAXPROCS(0), len(c.queries), func(i int) {
		top := metrics.NewTop(k, c.queries[i].ID)
		for document, score := range c.index.Scores(c.queries[i].Text) {
			if score > 0 {
				top.Offer(c.ids[document], score)
			}
		}
		found[i] = top.Ranking()
	})
	return found, err
}
