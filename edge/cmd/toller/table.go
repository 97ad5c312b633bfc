package main

import (
	"fmt"
	"strconv"
)

const (
	passageBytes = 240 // of a passage that no terminal's width decides about
	passageLines = 2   // of a passage on a terminal
	indent       = 5   // columns before a passage on a terminal
)

// passageBytes is how long a passage may be to look well on this screen.
func (s *screen) passageBytes(json bool) int {
	if !s.terminal || json {
		return passageBytes
	}
	// Lines break at words, which leaves some of each unused.
	return passageLines*(s.width-indent) - 10
}

func (r *ranking) print(out *screen, json bool) error {
	switch {
	case json:
		return out.writeJSON(r)
	case out.terminal:
		r.table(out)
	default:
		r.lines(out)
	}
	return out.flush()
}

// table shows each hit as a line of numbers and its name, and below it the
// passage.
func (r *ranking) table(out *screen) {
	scores, means := make([]string, len(r.Hits)), make([]string, len(r.Hits))
	widest := len("score")
	for i, h := range r.Hits {
		scores[i], means[i] = formatScore(h.Score), formatMean(h.Mean)
		widest = max(widest, len(scores[i]))
	}
	out.line(columns(fmt.Sprintf("%3s  %*s  %5s  %s", "#", widest, "score", "mean", "document"), faint))
	for i, h := range r.Hits {
		line := columns(fmt.Sprintf("%3d  %*s  %5s  ", h.Rank, widest, scores[i], means[i]), plain)
		line = append(line, styled(h.Name, strong)...)
		if h.Title != "" {
			line = append(line, space, space)
			line = append(line, styled(h.Title, faint)...)
		}
		out.line(cut(line, out.width))
		if h.Passage != nil {
			for _, l := range wrap(h.Passage.cells(), out.width-indent) {
				out.line(append(pad(nil, indent), l...))
			}
		}
	}
}

// lines prints each hit as tab-separated fields.
func (r *ranking) lines(out *screen) {
	for _, h := range r.Hits {
		fmt.Fprintf(out, "%d\t%s\t%s\t%s\t", h.Rank, formatScore(h.Score), formatMean(h.Mean), clean(h.Name))
		if h.Passage != nil {
			out.WriteString(render(h.Passage.cells(), out.color))
		}
		out.WriteByte('\n')
	}
}

func formatScore(score float32) string { return strconv.FormatFloat(float64(score), 'f', 4, 32) }

func formatMean(mean float32) string { return strconv.FormatFloat(float64(mean), 'f', 3, 32) }
