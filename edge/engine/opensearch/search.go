package opensearch

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/toller-search/toller/edge/engine"
	"github.com/toller-search/toller/edge/engine/internal/rest"
)

// Bounds of a search.
const (
	maxWindow    = 10_000 // OpenSearch's own, of candidates and of hits
	inShards     = 1000   // candidates that the cluster scores
	here         = 200    // candidates that toller scores
	fetched      = 50     // of them are fetched at a time: a passage's vectors may take 200 kB as JSON
	longestQuery = 512    // words that are looked for; a query has 1,024 clauses at most
)

// script scores a document by MaxSim, in a form that isn't negative and has the
// same order: for each of the query's vectors 1 is added.
const script = "lateInteractionScore(params.query, 'vectors', params._source, 'innerproduct')"

// errNoScript is for a search that only the cluster could do.
var errNoScript = errors.New("an exact search needs lateInteractionScore, of OpenSearch 3.3 or later with the k-NN plugin")

// Search: see [engine.Engine]. At most 10,000 hits can be asked for.
func (e *Engine) Search(ctx context.Context, q *engine.Query) ([]engine.Hit, error) {
	if err := q.Check(); err != nil {
		return nil, e.wrap(err)
	}
	if q.K > maxWindow {
		return nil, e.wrap(fmt.Errorf("query: expected to be asked for at most %d hits, found %d", maxWindow, q.K))
	}
	condition, err := translate(q.Filter)
	if err != nil {
		return nil, e.wrap(err)
	}
	scores, err := e.scores(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case q.Exact && !scores:
		return nil, e.wrap(errNoScript)
	case q.Exact:
		return e.exact(ctx, q, condition)
	case scores:
		return e.rescored(ctx, q, condition)
	default:
		return e.rescore(ctx, q, condition)
	}
}

// request is a search without what makes its order. More hits are fetched than
// are wanted, since their order may be another to the last digits.
func request(q *engine.Query) map[string]any {
	return map[string]any{"size": min(q.K+q.K/2+5, maxWindow), "track_total_hits": false}
}

// filtered adds a condition, which may be nil, to a query.
func filtered(query any, c clause) clause {
	parts := clause{"must": query}
	if c != nil {
		parts["filter"] = c
	}
	return clause{"bool": parts}
}

func scored(q *engine.Query, of any) clause {
	return clause{"script_score": clause{"query": of, "script": clause{
		"source": script, "params": clause{"query": rest.Matrix{Data: q.Vectors, Dim: q.Dim}},
	}}}
}

// exact scores all passages that meet a condition.
func (e *Engine) exact(ctx context.Context, q *engine.Query, c clause) ([]engine.Hit, error) {
	r := request(q)
	r["query"] = scored(q, filtered(clause{"match_all": clause{}}, c))
	return e.hits(ctx, q, r)
}

// words is the query for BM25.
func words(q *engine.Query, c clause) clause {
	list := strings.Fields(q.Text)
	return filtered(clause{"multi_match": clause{
		"query": strings.Join(list[:min(len(list), longestQuery)], " "), "fields": []string{"text", "title", "heading"}, "type": "most_fields",
	}}, c)
}

// rescored has the shards score the candidates that BM25 finds in them.
func (e *Engine) rescored(ctx context.Context, q *engine.Query, c clause) ([]engine.Hit, error) {
	window := e.options.Candidates
	if window == 0 {
		window = inShards
	}
	r := request(q)
	r["query"] = words(q, c)
	r["rescore"] = clause{"window_size": max(window, r["size"].(int)), "query": clause{
		"query_weight": 0, "rescore_query_weight": 1, "rescore_query": scored(q, clause{"match_all": clause{}}),
	}}
	return e.hits(ctx, q, r)
}

// rescore scores the candidates that BM25 finds here.
func (e *Engine) rescore(ctx context.Context, q *engine.Query, c clause) ([]engine.Hit, error) {
	window := e.options.Candidates
	if window == 0 {
		window = here
	}
	window = max(window, q.K)
	var best []engine.Hit
	for from := 0; from < window; from += fetched {
		size := min(fetched, window-from)
		part, err := e.hits(ctx, q, map[string]any{"query": words(q, c), "from": from, "size": size, "track_total_hits": false})
		if err != nil {
			return nil, err
		}
		best = engine.Ranked(append(best, part...), q.K)
		if len(part) < size {
			break
		}
	}
	return best, nil
}

// hits sends a search and scores what comes back.
func (e *Engine) hits(ctx context.Context, q *engine.Query, request map[string]any) ([]engine.Hit, error) {
	var found answer
	if err := e.search(ctx, request, &found); err != nil {
		return nil, err
	}
	hits := make([]engine.Hit, len(found.Hits.Hits))
	for i, h := range found.Hits.Hits {
		var err error
		if hits[i], err = q.Hit(h.ID, h.Source.Payload, h.Source.Vectors.Data, h.Source.Vectors.Dim); err != nil {
			return nil, e.wrap(fmt.Errorf("document %w", err))
		}
	}
	if _, pages := request["from"]; pages {
		return hits, nil
	}
	return engine.Ranked(hits, q.K), nil
}
