package serve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/engine"
	"github.com/toller-search/toller/edge/index"
	"github.com/toller-search/toller/store/filter"
)

var (
	modes   = map[string]index.Mode{"": index.Auto, "auto": index.Auto, "exact": index.Exact, "pruned": index.Pruned, "lexical": index.Lexical, "hybrid": index.Hybrid}
	fusions = map[string]index.Fusion{"": index.Weighted, "weighted": index.Weighted, "maxsim": index.ByMaxSim, "rrf": index.RRF}
)

const (
	defaultHits = 10
	// leastMerged is how many hits of each of several indexes are held against each
	// other at least.
	leastMerged = 25
)

// searchRequest is the body of /v1/search.
type searchRequest struct {
	query   string
	indexes []Index
	top     int
	mode    index.Mode
	fusion  index.Fusion
	options []index.SearchOption
	engine  engine.Options // the same for engines
	explain bool
}

// hit is a passage that was found, with the fields of toller search --json.
type hit struct {
	Rank    int          `json:"rank"` // from 1
	Index   string       `json:"index"`
	Score   float64      `json:"score"`
	MaxSim  float64      `json:"maxsim"`
	BM25    float64      `json:"bm25"`
	Key     string       `json:"key"`
	Path    string       `json:"path"`
	Title   string       `json:"title,omitempty"`
	Heading string       `json:"heading,omitempty"`
	Start   int          `json:"start"` // of the passage, in bytes of the document's text
	End     int          `json:"end"`
	Snippet *snippet     `json:"snippet,omitempty"`
	Text    string       `json:"text,omitempty"`    // of the passage, with "explain"
	Matches []edge.Match `json:"matches,omitempty"` // with spans in text and title
}

// snippet is the part of a passage that answers the query best.
type snippet struct {
	Text       string           `json:"text"`
	Start      int              `json:"start"` // in bytes of the document's text
	End        int              `json:"end"`
	Highlights []edge.Highlight `json:"highlights"` // in bytes of the snippet's text
}

func search(ctx context.Context, c *call) (any, *refusal) {
	q := c.readSearch()
	if c.fields.bad != nil {
		return nil, c.fields.bad
	}
	hits := []hit{}
	for _, x := range q.indexes {
		found, bad := c.find(ctx, x, q)
		if bad != nil {
			return nil, bad
		}
		for _, r := range found {
			hits = append(hits, newHit(x.Name, r, q.explain))
		}
	}
	if len(q.indexes) > 1 {
		hits = q.merge(hits)
	}
	var notes []string
	if len(hits) == 0 {
		var bad *refusal
		if notes, bad = c.slips(ctx, q); bad != nil {
			return nil, bad
		}
	}
	for i := range hits {
		hits[i].Rank = i + 1
	}
	names := make([]string, len(q.indexes))
	for i, x := range q.indexes {
		names[i] = x.Name
	}
	return struct {
		Query   string   `json:"query"`
		Indexes []string `json:"indexes"`
		Model   string   `json:"model"`
		Mode    string   `json:"mode"`
		Hits    []hit    `json:"hits"`
		Notes   []string `json:"notes,omitempty"`
	}{q.query, names, c.server.info.Name, q.mode.String(), hits, notes}, nil
}

// slips are the fields of the filter that no document of an index has, each in a
// sentence: what a filter that finds nothing is most likely wrong in.
func (c *call) slips(ctx context.Context, q *searchRequest) (notes []string, bad *refusal) {
	for _, x := range q.indexes {
		if x.Index == nil {
			continue
		}
		missing, err := x.Index.MissingFields(ctx, q.engine.Filter)
		if err != nil {
			return nil, c.failed(err)
		}
		for _, field := range missing {
			notes = append(notes, fmt.Sprintf("filter: no document of %s has the field %s", x.Name, field))
		}
	}
	return notes, nil
}

// find searches one index or collection.
func (c *call) find(ctx context.Context, x Index, q *searchRequest) ([]index.Result, *refusal) {
	if x.Engine == nil {
		found, err := x.Index.Search(ctx, q.query, q.options...)
		if err != nil {
			return nil, c.failed(err)
		}
		return found, nil
	}
	found, err := engine.Search(ctx, x.Engine, c.server.model, q.query, q.engine)
	switch {
	case errors.Is(err, engine.ErrFilter):
		return nil, cannot("filter", "%v", err)
	case err != nil:
		return nil, c.failed(err)
	}
	return found, nil
}

// searchFields are those that a search may have. No other service has its path, so that
// another field is a slip, and an answer without it one to another question; but
// clients send the name of a model everywhere.
var searchFields = []string{"query", "index", "indexes", "top_k", "filter", "mode", "fusion", "passages", "snippets", "explain", "model"}

func (c *call) readSearch() *searchRequest {
	f := c.fields
	for _, name := range slices.Sorted(maps.Keys(f.values)) {
		if !slices.Contains(searchFields, name) {
			f.fail(invalid(name, "expected one of the fields %s", strings.Join(searchFields, ", ")))
		}
	}
	q := &searchRequest{query: f.text("query")}
	if most := c.server.limits.Query; len(q.query) > most {
		f.fail(tooMuch("query", "expected at most %d bytes, found %d", most, len(q.query)))
	}
	q.top = f.integer("top_k", defaultHits, 1, c.server.limits.Hits)
	mode, fusion := f.optional("mode"), f.optional("fusion")
	var known bool
	if q.mode, known = modes[mode]; !known {
		f.fail(invalid("mode", "expected auto, exact, pruned, lexical or hybrid, found %q", mode))
	}
	if q.fusion, known = fusions[fusion]; !known {
		f.fail(invalid("fusion", "expected weighted, maxsim or rrf, found %q", fusion))
	}
	q.indexes = c.chosen()
	if c.engines(q, mode, fusion) == 0 && q.mode == index.Auto {
		q.mode = index.Hybrid
	}
	if fusion != "" && q.mode != index.Hybrid {
		f.fail(invalid("fusion", "expected it with the mode hybrid, found it with %q", mode))
	}
	expression := f.optional("filter")
	if expression != "" && f.bad == nil {
		if _, err := filter.Parse(expression); err != nil {
			f.fail(invalid("filter", "%s", strings.TrimPrefix(err.Error(), "filter: ")))
		}
	}
	q.explain = f.boolean("explain", false)
	passages, snippets := f.boolean("passages", false), f.boolean("snippets", true)
	// What is best of several is told by how scores are spread, which takes more than one.
	each := q.top
	if len(q.indexes) > 1 && q.mode == index.Hybrid {
		each = max(each, leastMerged)
	}
	q.options = []index.SearchOption{
		index.TopK(each), index.Where(expression), index.In(q.mode), index.Fuse(q.fusion), index.PerDocument(!passages),
	}
	if q.explain {
		q.options = append(q.options, index.WithEvidence())
	}
	if !snippets {
		q.options = append(q.options, index.WithoutSnippets())
	}
	q.engine = engine.Options{
		TopK: q.top, Filter: expression, Exact: q.mode == index.Exact, Passages: passages, Bare: !snippets, Evidence: q.explain,
	}
	if len(q.indexes) > 1 && q.mode == index.Hybrid && q.fusion == index.RRF {
		f.fail(cannot("fusion", "ranks of several indexes can't be joined: expected weighted or maxsim"))
	}
	return q
}

// engines counts the collections of engines that are searched, and refuses what they
// can't do: an engine finds candidates in its own way, which is auto, or scores all by
// MaxSim.
func (c *call) engines(q *searchRequest, mode, fusion string) int {
	f, n := c.fields, 0
	for _, x := range q.indexes {
		if x.Engine == nil {
			continue
		}
		n++
		if q.mode != index.Auto && q.mode != index.Exact {
			f.fail(cannot("mode", "expected auto or exact for %s, a collection of an engine, found %q", x.Name, mode))
		}
		if fusion != "" {
			f.fail(cannot("fusion", "expected none for %s, a collection of an engine, found %q", x.Name, fusion))
		}
	}
	if n > 0 && n < len(q.indexes) && q.mode != index.Exact {
		f.fail(cannot("mode", "expected exact for indexes and collections of engines together, found %q", q.mode))
	}
	return n
}

// chosen is the indexes that a request names, all if it names none.
func (c *call) chosen() []Index {
	f, all := c.fields, c.server.options.Indexes
	if len(all) == 0 {
		f.fail(refuse(notFound, "the server has no index: it was started without one"))
		return nil
	}
	names := f.strings("indexes")
	if name := f.optional("index"); name != "" {
		names = append(names, name)
	}
	if len(names) == 0 {
		return all
	}
	var chosen []Index
	for _, name := range names {
		i := slices.IndexFunc(all, func(x Index) bool { return x.Name == name })
		if i < 0 {
			known := make([]string, len(all))
			for i, x := range all {
				known[i] = x.Name
			}
			f.fail(&refusal{notFound, "index", fmt.Sprintf("index: expected one of %s, found %q", strings.Join(known, ", "), name)})
			return nil
		}
		if !slices.ContainsFunc(chosen, func(x Index) bool { return x.Name == name }) {
			chosen = append(chosen, all[i])
		}
	}
	return chosen
}

func newHit(name string, r index.Result, explain bool) hit {
	h := hit{
		Index: name, Score: r.Score, MaxSim: r.MaxSim, BM25: r.BM25,
		Key: r.Key, Path: r.Source, Title: r.Title, Heading: r.Heading, Start: r.Start, End: r.End,
	}
	if s := r.Snippet; s.Len() > 0 {
		h.Snippet = &snippet{Text: s.Of(r.Text), Start: r.Start + s.Start, End: r.Start + s.End, Highlights: []edge.Highlight{}}
		for _, mark := range s.Highlights {
			mark.Start, mark.End = mark.Start-s.Start, mark.End-s.Start
			h.Snippet.Highlights = append(h.Snippet.Highlights, mark)
		}
	}
	if explain && r.Evidence != nil {
		h.Text, h.Matches = r.Text, r.Evidence.Matches
	}
	return h
}

// merge makes one order of the hits of several indexes, of which each had its best.
// MaxSim is the same in all. BM25 isn't quite, since it counts how rare a word is in
// its own index; as each index does with its candidates, both are scaled from 0 to 1
// over all hits and weighted.
func (q *searchRequest) merge(hits []hit) []hit {
	switch {
	case q.mode == index.Lexical:
		// Scores are BM25 already.
	case q.mode == index.Hybrid && q.fusion == index.Weighted:
		const lexical = 0.3 // store's share of BM25
		maxsim, bm25 := scaled(hits, func(h hit) float64 { return h.MaxSim }), scaled(hits, func(h hit) float64 { return h.BM25 })
		for i := range hits {
			hits[i].Score = lexical*bm25(hits[i]) + (1-lexical)*maxsim(hits[i])
		}
	default:
		for i := range hits {
			hits[i].Score = hits[i].MaxSim
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(b.Score, a.Score) })
	return hits[:min(len(hits), q.top)]
}

// scaled returns a function that takes the least value to 0 and the greatest to 1.
func scaled(hits []hit, of func(hit) float64) func(hit) float64 {
	least, most := math.Inf(1), math.Inf(-1)
	for _, h := range hits {
		least, most = min(least, of(h)), max(most, of(h))
	}
	return func(h hit) float64 {
		if most <= least {
			return 0
		}
		return (of(h) - least) / (most - least)
	}
}
