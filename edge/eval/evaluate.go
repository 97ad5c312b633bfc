package eval

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/eval/beir"
	"github.com/toller-search/toller/edge/eval/measure"
	"github.com/toller-search/toller/edge/eval/trec"
)

// An Evaluation is what a model has found in a collection.
type Evaluation struct {
	Documents int // of the collection
	Lost      int // relevant documents that it hasn't, which count as not found
	Queries   []beir.Query
	Qrels     beir.Qrels
	Runs      map[Ranking]*trec.Run
	Cost      Cost
}

// Cost is what encoding and scoring took, for Rerank and Full.
type Cost struct {
	Encoded   int           // documents
	Truncated int           // documents that were longer than the model takes
	Vectors   int64         // of the documents
	Encoding  time.Duration // queries too
	Scoring   time.Duration
	Indexing  time.Duration // for Search
	Searching time.Duration
}

// Evaluate ranks the documents of a collection for each of its judged queries. The
// corpus is streamed, once to index it for BM25 and once to encode it, each document a
// single time for all queries and rankings; Search builds an index in a temporary file.
// Nothing is kept but ids, term counts and the best results, so that memory grows slowly
// with the corpus. The context's end is its error.
//
// BM25 needs no model, which may be nil then. As in BEIR a document whose id is the
// query's takes no place in a ranking.
func Evaluate(ctx context.Context, m *edge.Model, set beir.Set, o Options) (*Evaluation, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	if m == nil && (o.wants(Rerank) || o.wants(Full) || o.wants(Search)) {
		return nil, errors.New("eval: expected rankings of bm25 alone without a model")
	}
	c, err := load(ctx, set, o)
	if err != nil {
		return nil, err
	}
	e := &Evaluation{Documents: len(c.ids), Lost: c.lost, Queries: c.queries, Qrels: c.qrels, Runs: make(map[Ranking]*trec.Run)}
	var candidates rankings
	if c.lexical != nil {
		if candidates, err = c.bm25(ctx, max(o.Depth, o.Top)); err != nil {
			return nil, err
		}
		if o.wants(BM25) {
			e.add(BM25, candidates, o.Depth)
		}
	}
	if o.wants(Rerank) && o.Candidates != nil {
		if candidates, err = c.candidates(o.Candidates); err != nil {
			return nil, err
		}
	}
	if o.wants(Rerank) || o.wants(Full) {
		if !o.wants(Rerank) {
			candidates = nil
		}
		if err := e.encode(ctx, m, c, o, candidates); err != nil {
			return nil, err
		}
	}
	if o.wants(Search) {
		if err := e.search(ctx, m, c, o); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// encode fills in the runs of Rerank and Full.
func (e *Evaluation) encode(ctx context.Context, m *edge.Model, c *collection, o Options, candidates rankings) error {
	p, err := newPass(ctx, m, c, o, candidates)
	if err != nil {
		return err
	}
	if err := p.corpus(ctx); err != nil {
		return err
	}
	if o.wants(Rerank) {
		e.add(Rerank, collect(p.reranking), o.Depth)
	}
	if o.wants(Full) {
		e.add(Full, collect(p.ranking), o.Depth)
	}
	e.Cost.Encoded, e.Cost.Truncated, e.Cost.Vectors = p.encoded, p.truncated, p.vectors
	e.Cost.Encoding, e.Cost.Scoring = p.encoding, p.scoring
	return nil
}

func (e *Evaluation) add(r Ranking, found rankings, depth int) {
	run := &trec.Run{Tag: "toller-" + string(r), Results: make(map[string][]measure.Hit)}
	for i, q := range e.Queries {
		run.Results[q.ID] = found[i][:min(depth, len(found[i]))]
	}
	e.Runs[r] = run
}

// candidates are a run's results in the order of the queries. A query that the run
// doesn't have has none. A document that the collection doesn't have is an error: the
// run is another collection's.
func (c *collection) candidates(run *trec.Run) (rankings, error) {
	known := make(map[string]bool, len(c.ids))
	for _, id := range c.ids {
		known[id] = true
	}
	found := make(rankings, len(c.queries))
	for i, q := range c.queries {
		for _, hit := range run.Results[q.ID] {
			if !known[hit.Document] {
				return nil, fmt.Errorf("eval: candidates: query %q: expected a document of %s, found %q", q.ID, c.set.Corpus, hit.Document)
			}
			found[i] = append(found[i], hit)
		}
	}
	return found, nil
}

// Values are a measure's values of a run, in the order of e.Queries. A query that the
// run doesn't have counts as one without results.
func (e *Evaluation) Values(run *trec.Run, m measure.Measure) []float64 {
	values := make([]float64, len(e.Queries))
	for i, q := range e.Queries {
		values[i] = m.Of(run.Results[q.ID], e.Qrels[q.ID])
	}
	return values
}
