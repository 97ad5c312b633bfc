package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/toller-search/toller/edge/cmd/toller/evidence"
	"github.com/toller-search/toller/edge/cmd/toller/newfile"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/index"
)

func newFinding(rank int, query string, r index.Result) finding {
	h := finding{
		Rank: rank, Score: r.Score, MaxSim: r.MaxSim, BM25: r.BM25,
		Key: r.Key, Path: r.Source, Title: r.Title, Heading: r.Heading, Start: r.Start, End: r.End,
		Snippet: evidence.NewPassage(r.Text, r.Start, r.Snippet.Span, r.Snippet.Highlights),
	}
	if r.Evidence != nil {
		h.Text = r.Text
		h.Matches = evidence.Matches(r.Evidence.Matches, query, r.Title, r.Text)
	}
	return h
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

// below is the part of a path of headings that says more than the title.
func below(title, heading string) string {
	first, rest, _ := strings.Cut(heading, " > ")
	if strings.EqualFold(first, title) {
		return rest
	}
	return heading
}

func (f *searchFlags) print(found *findings) error {
	out := terminal.NewScreen(f.color)
	switch {
	case f.json:
		return out.WriteJSON(found)
	case out.Terminal:
		found.table(out, f.explain)
	default:
		found.lines(out, f.explain)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if f.html != "" && len(found.Hits) > 0 {
		note("wrote %s", terminal.Clean(f.html))
	}
	return nil
}

// table shows each hit as a line of numbers and names, and below it the
// snippet, or where its score comes from.
func (f *findings) table(out *terminal.Screen, explain bool) {
	if len(f.Hits) == 0 {
		return
	}
	widest := len("score")
	for _, h := range f.Hits {
		widest = max(widest, len(evidence.FormatScore(float32(h.Score))))
	}
	out.Line(terminal.ASCII(fmt.Sprintf("%3s  %*s  %s", "#", widest, "score", "document"), terminal.Faint))
	for i := range f.Hits {
		h := &f.Hits[i]
		line := terminal.ASCII(fmt.Sprintf("%3d  %*s  ", h.Rank, widest, evidence.FormatScore(float32(h.Score))), terminal.Plain)
		line = append(line, terminal.Styled(h.name(), terminal.Strong)...)
		for _, part := range []string{h.Title, below(h.Title, h.Heading)} {
			if part != "" {
				line = append(line, terminal.Space, terminal.Space)
				line = append(line, terminal.Styled(part, terminal.Faint)...)
			}
		}
		out.Line(terminal.Cut(line, out.Width))
		if explain {
			evidence.HeatMap(out, h.Matches, h.Title, h.Text)
			continue
		}
		evidence.Indented(out, h.Snippet.Cells())
	}
}

// lines prints each hit as tab-separated fields.
func (f *findings) lines(out *terminal.Screen, explain bool) {
	for i := range f.Hits {
		h := &f.Hits[i]
		fmt.Fprintf(out, "%d\t%s\t%s\t%s\t%s\n", h.Rank, evidence.FormatScore(float32(h.Score)), terminal.Clean(h.Key), terminal.Clean(h.Heading),
			terminal.Render(h.Snippet.Cells(), out.Color))
		if explain {
			h.matchLines(out)
		}
	}
}

// matchLines prints where a hit's score comes from as lines of tab-separated
// fields, the first of them empty.
func (h *finding) matchLines(out *terminal.Screen) {
	for _, m := range h.Matches {
		fmt.Fprintf(out, "\t%s\t%s\t%.4f\t%.4f\n", m.Query.Label(), m.Document.Label(), m.Similarity, m.Share)
	}
}

// writePage writes what was found as a page of its own.
func (f *searchFlags) writePage(found *findings) error {
	page := evidence.Page{Query: found.Query, Model: found.Model}
	for i := range found.Hits {
		h := &found.Hits[i]
		page.Hits = append(page.Hits, evidence.Hit{
			Rank: h.Rank, Where: h.name(), Heading: below(h.Title, h.Heading), Title: h.Title, Text: h.Text,
			Score: float32(h.Score), Matches: h.Matches,
		})
	}
	file, err := newfile.Create(f.html, f.force)
	if err != nil {
		return err
	}
	defer file.Discard()
	if err := page.Write(file); err != nil {
		return fmt.Errorf("writing %s: %w", f.html, err)
	}
	return file.Commit()
}
