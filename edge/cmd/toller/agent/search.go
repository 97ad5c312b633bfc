package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/toller-search/toller/edge/index"
	"github.com/toller-search/toller/store/filter"
)

const (
	defaultHits = 8
	mostHits    = 25  // of a page
	deepest     = 100 // hits that can be paged to
	queryLength = 4000
	filterBytes = 4000
)

// modes are how a search can be done, the default first.
var modes = []string{"auto", "hybrid", "exact", "pruned", "lexical"}

var modeNamed = map[string]index.Mode{
	"": index.Auto, "auto": index.Auto, "hybrid": index.Hybrid, "exact": index.Exact, "pruned": index.Pruned, "lexical": index.Lexical,
}

type searchArguments struct {
	Query    string   `json:"query" jsonschema:"What to look for: a question or statement in plain words, which is compared by meaning. Whole questions work better than keywords."`
	Indexes  []string `json:"indexes,omitempty" jsonschema:"Names of the indexes to search; all if left out."`
	K        int      `json:"k,omitempty" jsonschema:"How many hits to return."`
	Offset   int      `json:"offset,omitempty" jsonschema:"How many of the best hits to pass over: next_offset of the page before."`
	Filter   string   `json:"filter,omitempty" jsonschema:"Search only documents for which this is true, for example: key ~ '*/contracts/*' and time >= 2026-01-01. Fields are key, title, source, time and those of a document's metadata (as read_document shows them); operators are = != < <= > >= ~ (glob) in has, joined by and, or, not."`
	Mode     string   `json:"mode,omitempty" jsonschema:"auto joins meaning and words and is best for nearly everything; lexical is words alone, for names, numbers and error messages; exact and pruned are meaning alone."`
	Passages bool     `json:"passages,omitempty" jsonschema:"Return every passage that matches, not the best one of each document: to find all places in few long documents."`
}

type searchResult struct {
	Hits       []hit `json:"hits" jsonschema:"best first"`
	NextOffset int   `json:"next_offset,omitempty" jsonschema:"offset of the next page; missing where there is none"`
}

// hit is a passage that was found.
type hit struct {
	Rank    int     `json:"rank" jsonschema:"from 1"`
	Index   string  `json:"index"`
	Key     string  `json:"key" jsonschema:"of the document, for read_document"`
	Title   string  `json:"title,omitempty"`
	Heading string  `json:"heading,omitempty" jsonschema:"headings above the passage"`
	Page    int     `json:"page,omitempty" jsonschema:"page on which the passage begins, of documents with pages"`
	Start   int     `json:"start" jsonschema:"where the passage begins in the document's text, in bytes: start for read_document"`
	End     int     `json:"end"`
	Snippet string  `json:"snippet" jsonschema:"the part of the passage that answers best"`
	Score   float64 `json:"score" jsonschema:"larger is better; compare only within one search"`

	maxSim, bm25 float64
}

func (s *Server) addSearch() error {
	return add(s, tool[searchArguments, searchResult]{
		name: "search", title: "Search documents",
		description: "Finds the passages of the user's indexed documents that answer a query best, by meaning and by words. " +
			"Returns for each hit the document's key and title, where in it the passage stands, and a snippet. " +
			"Read more of a document with read_document and the hit's key and start.",
		bound: func(p *properties) {
			p.text("query", 1, queryLength)
			oneOf(p.list("indexes", 0, len(s.indexes)), s.names())
			p.number("k", 1, mostHits, defaultHits)
			p.number("offset", 0, deepest, 0)
			p.text("filter", 0, filterBytes)
			oneOf(p.schema.Properties["mode"], modes)
		},
		call: s.search,
	})
}

func (s *Server) search(ctx context.Context, report *progress, a searchArguments) (*searchResult, string, error) {
	if strings.TrimSpace(a.Query) == "" {
		return nil, "", errors.New("the query is blank: ask a question or name what to look for")
	}
	if a.Offset >= deepest {
		return nil, "", fmt.Errorf("offset %d is beyond the %d hits that a search gives: ask something narrower, or use a filter", a.Offset, deepest)
	}
	if err := checkFilter(a.Filter); err != nil {
		return nil, "", err
	}
	indexes, err := s.chosen(a.Indexes...)
	if err != nil {
		return nil, "", err
	}
	found, err := s.ranked(ctx, report, a, indexes)
	if err != nil {
		return nil, "", err
	}
	page := found[min(a.Offset, len(found)):min(a.Offset+a.K, len(found))]
	result := &searchResult{Hits: append([]hit{}, page...)}
	for i := range result.Hits {
		result.Hits[i].Rank = a.Offset + i + 1
	}
	if next := a.Offset + len(page); next < len(found) && len(page) > 0 {
		result.NextOffset = next
	}
	if len(found) == 0 {
		slips, err := slipsIn(ctx, indexes, a.Filter)
		return result, "Nothing was found. Try other words, another mode, or no filter; list shows what documents there are." + slips, err
	}
	return result, result.text(len(s.indexes) > 1), nil
}

// ranked are the best hits, as many as the page takes and one more at least, if
// there are.
//
// How many hits an index is asked for has an influence on their order, since scores
// are scaled over its candidates. Pages fit together all the same: the first hits are
// always those of the same search, and a deeper one only adds to them.
func (s *Server) ranked(ctx context.Context, report *progress, a searchArguments, indexes []Index) ([]hit, error) {
	hits, err := s.merged(ctx, report, a, indexes, mostHits)
	if err != nil || a.Offset+a.K < mostHits || len(hits) < mostHits {
		return hits, err
	}
	deep, err := s.merged(ctx, report, a, indexes, deepest)
	if err != nil {
		return nil, err
	}
	type place struct {
		index, key string
		start      int
	}
	of := func(h hit) place {
		if !a.Passages {
			return place{index: h.Index, key: h.Key} // of which it may be another passage
		}
		return place{h.Index, h.Key, h.Start}
	}
	seen := map[place]bool{}
	for _, h := range hits {
		seen[of(h)] = true
	}
	for _, h := range deep {
		if !seen[of(h)] {
			hits = append(hits, h)
		}
	}
	return hits[:min(len(hits), deepest)], nil
}

// merged are the best hits of all indexes, at most k.
func (s *Server) merged(ctx context.Context, report *progress, a searchArguments, indexes []Index, k int) ([]hit, error) {
	var hits []hit
	for i, x := range indexes {
		report.update(i, len(indexes), "searching "+x.Name)
		found, err := x.Index.Search(ctx, a.Query, index.TopK(k), index.Where(a.Filter), index.In(modeNamed[a.Mode]), index.PerDocument(!a.Passages))
		if err != nil {
			return nil, fmt.Errorf("searching %s: %w", x.Name, err)
		}
		for _, r := range found {
			hits = append(hits, newHit(x.Name, r))
		}
	}
	if len(indexes) > 1 {
		join(hits, modeNamed[a.Mode])
	}
	for i := range hits {
		hits[i].Score = math.Round(hits[i].Score*1e4) / 1e4
	}
	return hits[:min(len(hits), k)], nil
}

// join makes one order of the hits of several indexes, of which each has scaled its
// scores for itself. MaxSim means the same in all. BM25 nearly does; it counts how
// rare a word is in its own index.
func join(hits []hit, mode index.Mode) {
	switch mode {
	case index.Lexical: // scores are BM25 already
	case index.Exact, index.Pruned: // scores are MaxSim already
	default:
		const lexical = 0.3 // as index.Weighted has it
		maxSim := scaling(hits, func(h *hit) float64 { return h.maxSim })
		bm25 := scaling(hits, func(h *hit) float64 { return h.bm25 })
		for i := range hits {
			hits[i].Score = lexical*bm25(&hits[i]) + (1-lexical)*maxSim(&hits[i])
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(b.Score, a.Score) })
}

// scaling takes the least value to 0 and the greatest to 1.
func scaling(hits []hit, of func(*hit) float64) func(*hit) float64 {
	least, most := math.Inf(1), math.Inf(-1)
	for i := range hits {
		least, most = min(least, of(&hits[i])), max(most, of(&hits[i]))
	}
	return func(h *hit) float64 {
		if most <= least {
			return 0
		}
		return (of(h) - least) / (most - least)
	}
}

func newHit(name string, r index.Result) hit {
	h := hit{
		Index: name, Key: r.Key, Title: clipped(r.Title), Heading: clipped(r.Heading), Start: r.Start, End: r.End,
		Snippet: oneLine(r.Snippet.Of(r.Text)), Score: r.Score, maxSim: r.MaxSim, bm25: r.BM25,
	}
	if first, rest, _ := strings.Cut(h.Heading, " > "); strings.EqualFold(first, h.Title) {
		h.Heading = rest // the title says the same
	}
	// What a passage of a document with pages has in place of a heading.
	if n, found := strings.CutPrefix(r.Heading, "page "); found {
		if page, err := strconv.Atoi(n); err == nil && page > 0 {
			h.Page, h.Heading = page, ""
		}
	}
	return h
}

// checkFilter explains what is wrong with a filter.
func checkFilter(expression string) error {
	if expression == "" {
		return nil
	}
	if _, err := filter.Parse(expression); err != nil {
		return fmt.Errorf("the filter can't be read: %s. Filters look like: key ~ '*.md' and time >= 2026-01-01 and not title = 'Draft'; without one, everything is searched", strings.TrimPrefix(err.Error(), "filter: "))
	}
	return nil
}

// mostFields is how many fields of documents are named.
const mostFields = 20

// slipsIn says, a line for each index, which fields of a filter no document has: what a
// filter that finds nothing is most likely wrong in.
func slipsIn(ctx context.Context, indexes []Index, expression string) (string, error) {
	var b strings.Builder
	for _, x := range indexes {
		missing, err := x.Index.MissingFields(ctx, expression)
		if err != nil {
			return "", err
		}
		if len(missing) == 0 {
			continue
		}
		names, err := x.Index.Fields(ctx)
		if err != nil {
			return "", err
		}
		there := []string{"key", "title", "source", "time"}
		for _, name := range names[:min(len(names), mostFields)] {
			there = append(there, filter.Quote(name))
		}
		fmt.Fprintf(&b, "\nIn %s no document has the field %s; fields are %s.", x.Name, oneLine(strings.Join(missing, ", ")), oneLine(strings.Join(there, ", ")))
	}
	return b.String(), nil
}

// text shows hits as lines.
func (r *searchResult) text(named bool) string {
	if len(r.Hits) == 0 {
		return "No more hits."
	}
	var b strings.Builder
	for _, h := range r.Hits {
		fmt.Fprintf(&b, "%d. ", h.Rank)
		if named {
			fmt.Fprintf(&b, "[%s] ", h.Index)
		}
		b.WriteString(h.Key)
		for _, part := range []string{h.Title, h.Heading} {
			if part != "" {
				b.WriteString(" | " + oneLine(part))
			}
		}
		if h.Page > 0 {
			fmt.Fprintf(&b, " | page %d", h.Page)
		}
		fmt.Fprintf(&b, " | bytes %d-%d | score %.4g\n   %s\n", h.Start, h.End, h.Score, h.Snippet)
	}
	if r.NextOffset > 0 {
		fmt.Fprintf(&b, "More: offset %d.\n", r.NextOffset)
	}
	return b.String()
}
