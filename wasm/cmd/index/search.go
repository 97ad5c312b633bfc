//go:build js

package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/index"
	"github.com/toller-search/toller/wasm/bridge"
)

var modes = map[string]index.Mode{
	"": index.Auto, "auto": index.Auto, "exact": index.Exact, "pruned": index.Pruned, "lexical": index.Lexical, "hybrid": index.Hybrid,
}

var fusions = map[string]index.Fusion{
	"": index.Weighted, "weighted": index.Weighted, "rrf": index.RRF, "maxsim": index.ByMaxSim,
}

// search is a query and what a search may be told beside it.
type search struct {
	Query       string `json:"query"`
	K           int    `json:"k"`
	Filter      string `json:"filter"`
	Mode        string `json:"mode"`
	Fusion      string `json:"fusion"`
	Explain     bool   `json:"explain"`
	Snippets    *bool  `json:"snippets"`
	PerDocument bool   `json:"perDocument"`
}

func (a *search) options() ([]index.SearchOption, error) {
	mode, known := modes[a.Mode]
	if !known {
		return nil, unknown("mode", a.Mode, modes)
	}
	fusion, known := fusions[a.Fusion]
	if !known {
		return nil, unknown("fusion", a.Fusion, fusions)
	}
	options := []index.SearchOption{index.In(mode), index.Fuse(fusion), index.Where(a.Filter), index.PerDocument(a.PerDocument)}
	if a.K != 0 {
		options = append(options, index.TopK(a.K))
	}
	if a.Explain {
		options = append(options, index.WithEvidence())
	}
	if a.Snippets != nil && !*a.Snippets {
		options = append(options, index.WithoutSnippets())
	}
	return options, nil
}

func unknown[V any](name, found string, known map[string]V) error {
	names := slices.Sorted(maps.Keys(known))
	return fmt.Errorf("%s: expected one of %s, found %q", name, strings.Join(names[1:], ", "), found)
}

// result is a result whose places count UTF-16 code units.
type result struct {
	index.Result
	TitleHighlights []edge.Highlight `json:"titleHighlights"`
	Snake           struct{}         `json:"title_highlights,omitzero"` // hides the one of index.Result
}

func (s *shelf) search(ctx context.Context, a search) (any, error) {
	x, err := s.index()
	if err != nil {
		return nil, err
	}
	options, err := a.options()
	if err != nil {
		return nil, err
	}
	found, err := x.Search(ctx, a.Query, options...)
	if err != nil {
		return nil, err
	}
	documents := map[string]bridge.Places{}
	results := make([]result, len(found))
	for i, r := range found {
		in, known := documents[r.Key]
		if !known {
			e, err := x.Get(ctx, r.Key)
			if err != nil {
				return nil, err
			}
			in = bridge.PlacesIn(e.Text)
			documents[r.Key] = in
		}
		results[i] = inCodeUnits(r, a.Query, in)
	}
	return results, nil
}

// inCodeUnits turns places in bytes into such in UTF-16 code units; document are
// those of the result's whole text.
func inCodeUnits(r index.Result, query string, document bridge.Places) result {
	inTitle, inText := bridge.PlacesIn(r.Title), bridge.PlacesIn(r.Text)
	passage := document.Span(edge.Span{Start: r.Start, End: r.End})
	r.Start, r.End = passage.Start, passage.End
	r.Snippet.Span = inText.Span(r.Snippet.Span)
	convert := func(list []edge.Highlight, in bridge.Places) []edge.Highlight {
		out := make([]edge.Highlight, len(list))
		for i, h := range list {
			out[i] = edge.Highlight{Span: in.Span(h.Span), Weight: h.Weight}
		}
		return out
	}
	r.Snippet.Highlights = convert(r.Snippet.Highlights, inText)
	if r.Evidence != nil {
		inQuery := bridge.PlacesIn(query)
		for i, m := range r.Evidence.Matches {
			titles := make([]edge.Span, len(m.Document.TitleSpans))
			for j, s := range m.Document.TitleSpans {
				titles[j] = inTitle.Span(s)
			}
			m.Document.TitleSpans = titles
			m.Query, m.Document = inQuery.Token(m.Query), inText.Token(m.Document)
			r.Evidence.Matches[i] = m
		}
	}
	return result{Result: r, TitleHighlights: convert(r.TitleHighlights, inTitle)}
}
