package main

import (
	"fmt"

	"github.com/toller-search/toller/edge/cmd/toller/evidence"
	"github.com/toller-search/toller/edge/cmd/toller/terminal"
)

const (
	passageBytes = 240 // of a passage that no terminal's width decides about
	passageLines = 2   // of a passage on a terminal
)

// passageLength is how many bytes a passage may have to look well on this screen.
func passageLength(out *terminal.Screen, json bool) int {
	if !out.Terminal || json {
		return passageBytes
	}
	// Lines break at words, which leaves some of each unused.
	return passageLines*(out.Width-evidence.Indent) - 10
}

func (r *ranking) print(out *terminal.Screen, json bool) error {
	switch {
	case json:
		return out.WriteJSON(r)
	case out.Terminal:
		r.table(out)
	default:
		r.lines(out)
	}
	return out.Flush()
}

// table shows each hit as a line of numbers and its name, and below it the
// passage.
func (r *ranking) table(out *terminal.Screen) {
	scores, means := make([]string, len(r.Hits)), make([]string, len(r.Hits))
	widest := len("score")
	for i, h := range r.Hits {
		scores[i], means[i] = evidence.FormatScore(h.Score), evidence.FormatMean(h.Mean)
		widest = max(widest, len(scores[i]))
	}
	out.Line(terminal.ASCII(fmt.Sprintf("%3s  %*s  %5s  %s", "#", widest, "score", "mean", "document"), terminal.Faint))
	for i, h := range r.Hits {
		line := terminal.ASCII(fmt.Sprintf("%3d  %*s  %5s  ", h.Rank, widest, scores[i], means[i]), terminal.Plain)
		line = append(line, terminal.Styled(h.Name, terminal.Strong)...)
		for _, part := range []string{h.Title, below(h.Title, h.Heading)} {
			if part != "" {
				line = append(line, terminal.Space, terminal.Space)
				line = append(line, terminal.Styled(part, terminal.Faint)...)
			}
		}
		out.Line(terminal.Cut(line, out.Width))
		if h.Passage != nil {
			evidence.Indented(out, h.Passage.Cells())
		}
	}
}

// lines prints each hit as tab-separated fields.
func (r *ranking) lines(out *terminal.Screen) {
	for _, h := range r.Hits {
		fmt.Fprintf(out, "%d\t%s\t%s\t%s\t", h.Rank, evidence.FormatScore(h.Score), evidence.FormatMean(h.Mean), terminal.Clean(h.Name))
		if h.Passage != nil {
			out.WriteString(terminal.Render(h.Passage.Cells(), out.Color))
		}
		fmt.Fprintf(out, "\t%s\n", terminal.Clean(h.Heading))
	}
}
