package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/index"
)

func newFinding(rank int, query string, r index.Result) finding {
	h := finding{
		Rank: rank, Score: r.Score, MaxSim: r.MaxSim, BM25: r.BM25,
		Key: r.Key, Path: r.Source, Title: r.Title, Heading: r.Heading, Start: r.Start, End: r.End,
		Snippet: newSnippet(r),
	}
	if r.Evidence != nil {
		h.Text = r.Text
		h.Matches = make([]match, len(r.Evidence.Matches))
		for i, m := range r.Evidence.Matches {
			h.Matches[i] = match{newToken(m.Query, query), newTitledToken(m.Document, r.Title, r.Text), m.Similarity, m.Share}
		}
	}
	return h
}

// newTitledToken is newToken for a token that may be in a title, too.
func newTitledToken(t edge.Token, title, text string) token {
	named := newToken(t, text)
	if len(t.Spans) == 0 && len(t.TitleSpans) > 0 {
		t.Spans = t.TitleSpans
		named.Text = newToken(t, title).Text
	}
	return named
}

// newSnippet is the part of a passage that is shown.
func newSnippet(r index.Result) *passage {
	s := r.Snippet
	p := &passage{
		Text: s.Of(r.Text), Start: r.Start + s.Start, End: r.Start + s.End, Highlights: []highlight{},
		first: r.Start == 0 && strings.TrimSpace(r.Text[:s.Start]) == "",
		last:  strings.TrimSpace(r.Text[s.End:]) == "",
	}
	for _, h := range s.Highlights {
		p.Highlights = append(p.Highlights, highlight{h.Start - s.Start, h.End - s.Start, h.Weight})
	}
	return p
}

// name is what a hit is called on a terminal: its file, from the folder that
// the user is in where it lies below that, and the number of a record.
func (h *finding) name() string {
	if h.Path == "" {
		return h.Key
	}
	name := h.Path
	if here, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(here, h.Path); err == nil && filepath.IsLocal(rel) {
			name = rel
		}
	}
	return name + strings.TrimPrefix(h.Key, h.Path)
}

// heading is where in its document a passage stands, unless the title says the
// same.
func (h *finding) heading() string {
	first, rest, _ := strings.Cut(h.Heading, " > ")
	if strings.EqualFold(first, h.Title) {
		return rest
	}
	return h.Heading
}

func (f *searchFlags) print(found *findings) error {
	out := newScreen(f.color)
	switch {
	case f.json:
		return out.writeJSON(found)
	case out.terminal:
		found.table(out, f.explain)
	default:
		found.lines(out, f.explain)
	}
	if err := out.flush(); err != nil {
		return err
	}
	switch {
	case len(found.Hits) == 0:
		note("nothing was found")
	case f.html != "":
		note("wrote %s", clean(f.html))
	}
	return nil
}

// table shows each hit as a line of numbers and names, and below it the
// snippet, or where its score comes from.
func (f *findings) table(out *screen, explain bool) {
	if len(f.Hits) == 0 {
		return
	}
	widest := len("score")
	for _, h := range f.Hits {
		widest = max(widest, len(formatScore(float32(h.Score))))
	}
	out.line(columns(fmt.Sprintf("%3s  %*s  %s", "#", widest, "score", "document"), faint))
	for i := range f.Hits {
		h := &f.Hits[i]
		line := columns(fmt.Sprintf("%3d  %*s  ", h.Rank, widest, formatScore(float32(h.Score))), plain)
		line = append(line, styled(h.name(), strong)...)
		for _, part := range []string{h.Title, h.heading()} {
			if part != "" {
				line = append(line, space, space)
				line = append(line, styled(part, faint)...)
			}
		}
		out.line(cut(line, out.width))
		if explain {
			h.heatmap(out)
			continue
		}
		for _, l := range wrap(h.Snippet.cells(), out.width-indent) {
			out.line(append(pad(nil, indent), l...))
		}
	}
}

// lines prints each hit as tab-separated fields.
func (f *findings) lines(out *screen, explain bool) {
	for i := range f.Hits {
		h := &f.Hits[i]
		fmt.Fprintf(out, "%d\t%s\t%s\t%s\t%s\n", h.Rank, formatScore(float32(h.Score)), clean(h.Key), clean(h.Heading),
			render(h.Snippet.cells(), out.color))
		if explain {
			h.matchLines(out)
		}
	}
}
