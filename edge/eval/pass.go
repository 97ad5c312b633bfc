package eval

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/eval/beir"
	"github.com/toller-search/toller/edge/eval/measure"
)

// A batch of documents is encoded, scored by every query and forgotten. Its
// limits bound the memory for vectors: 4 MiB of English are about a million
// tokens, with 48 components some 200 MB.
const (
	batchDocuments = 256
	batchBytes     = 4 << 20
)

// pass is the second pass over the corpus: it encodes and scores.
type pass struct {
	model      *edge.Model
	collection *collection
	options    Options
	full       bool              // score every document, not only candidates
	queries    []*edge.Query     // in the collection's order
	candidates []map[string]bool // documents to rerank, for each query; nil without reranking
	wanted     map[string]bool   // union of candidates

	reranking []*measure.Top // for each query
	ranking   []*measure.Top

	encoded   int // documents
	vectors   int64
	truncated int // documents
	encoding  time.Duration
	scoring   time.Duration
}

// newPass encodes the queries. candidates are what is reranked, nil for nothing.
func newPass(ctx context.Context, m *edge.Model, c *collection, o Options, candidates rankings) (*pass, error) {
	p := &pass{model: m, collection: c, options: o, full: o.wants(Full)}
	start := time.Now()
	for _, query := range c.queries {
		q, err := m.EncodeQuery(ctx, query.Text)
		if err != nil {
			return nil, fmt.Errorf("query %q: %w", query.ID, err)
		}
		p.queries = append(p.queries, q)
		p.reranking = append(p.reranking, measure.NewTop(o.Depth, query.ID))
		p.ranking = append(p.ranking, measure.NewTop(o.Depth, query.ID))
	}
	p.encoding = time.Since(start)
	if candidates == nil {
		return p, nil
	}
	p.wanted = make(map[string]bool)
	for _, hits := range candidates {
		set := make(map[string]bool)
		for _, hit := range hits[:min(o.Top, len(hits))] {
			set[hit.Document] = true
			p.wanted[hit.Document] = true
		}
		p.candidates = append(p.candidates, set)
	}
	return p, nil
}

// corpus encodes and scores all documents that some ranking needs.
func (p *pass) corpus(ctx context.Context) error {
	total := len(p.wanted)
	if p.full {
		total = len(p.collection.ids)
	}
	var ids, texts []string
	size := 0
	flush := func() error {
		err := p.batch(ctx, ids, texts, total)
		ids, texts, size = ids[:0], texts[:0], 0
		return err
	}
	for d, err := range beir.Documents(p.collection.set.Corpus) {
		if err != nil {
			return err
		}
		if !p.full && !p.wanted[d.ID] {
			continue
		}
		text := d.Content()
		if len(ids) == batchDocuments || size > 0 && size+len(text) > batchBytes {
			if err := flush(); err != nil {
				return err
			}
		}
		ids, texts, size = append(ids, d.ID), append(texts, text), size+len(text)
	}
	return flush()
}

// batch encodes documents and has every query score them.
func (p *pass) batch(ctx context.Context, ids, texts []string, total int) error {
	start := time.Now()
	before := p.encoded
	settings := append(p.options.encoding(), edge.Progress(func(done, _ int) { p.options.Progress("encoding", before+done, total) }))
	documents, err := p.model.EncodeDocuments(ctx, texts, settings...)
	if err != nil {
		return err
	}
	for _, d := range documents {
		p.vectors += int64(d.Len())
		if d.Truncated() {
			p.truncated++
		}
	}
	p.encoded += len(documents)
	p.encoding += time.Since(start)

	start = time.Now()
	scoring, ctx := errgroup.WithContext(ctx)
	scoring.SetLimit(p.model.Info().Threads)
	for query := range p.queries {
		scoring.Go(func() error {
			for i, d := range documents {
				if err := ctx.Err(); err != nil {
					return err
				}
				candidate := p.candidates != nil && p.candidates[query][ids[i]]
				if !candidate && !p.full {
					continue
				}
				score := edge.MaxSim(p.queries[query], d)
				if candidate {
					p.reranking[query].Offer(ids[i], score)
				}
				if p.full {
					p.ranking[query].Offer(ids[i], score)
				}
			}
			return nil
		})
	}
	err = scoring.Wait()
	p.scoring += time.Since(start)
	return err
}

func collect(tops []*measure.Top) rankings {
	found := make(rankings, len(tops))
	for i, top := range tops {
		found[i] = top.Ranking()
	}
	return found
}
