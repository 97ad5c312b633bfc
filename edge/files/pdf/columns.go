package pdf

import (
	"math"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/klippa-app/go-pdfium/requests"
)

const (
	minWoven   = 5   // lines that go across columns before a page counts as woven
	minGutter  = 6.0 // points between columns
	columnWord = 3   // words that a line of a column has on average; cells of tables have fewer
)

// gap is where a line is interrupted: the stretch after rect number of its rects.
type gap struct {
	left, right float64
	after       int
}

// gaps are the interruptions of a line that may be between columns.
func (l line) gaps() []gap {
	var found []gap
	for i := 1; i < len(l.rects); i++ {
		a, b := l.rects[i-1], l.rects[i]
		height := max(a.top-a.bottom, b.top-b.bottom)
		if b.left-a.right > max(minGutter, 0.8*height) && math.Abs(a.bottom-b.bottom) < 0.7*height {
			found = append(found, gap{a.right, b.left, i - 1})
		}
	}
	return found
}

// unweave puts columns one after the other where a program wrote a page across them,
// line by line. Most programs write one column after the other; their pages stay
// as they are.
func (r *pageReader) unweave(lines []line) ([]line, error) {
	x, ok := gutter(lines)
	if !ok {
		return lines, nil
	}
	var out, left, right []line
	flush := func() {
		out = append(append(out, left...), right...)
		left, right = nil, nil
	}
	for _, l := range lines {
		at := slices.IndexFunc(l.gaps(), func(g gap) bool { return g.left <= x && x <= g.right })
		switch {
		case at >= 0:
			a, b, err := r.split(l, l.gaps()[at])
			if err != nil {
				return nil, err
			}
			left, right = append(left, a), append(right, b)
		case len(l.rects) > 0 && l.right() <= x:
			left = append(left, l)
		case len(l.rects) > 0 && l.left() >= x:
			right = append(right, l)
		default: // across the page
			flush()
			out = append(out, l)
		}
	}
	flush()
	return out, nil
}

func (l line) left() float64 {
	x := math.Inf(1)
	for _, r := range l.rects {
		x = min(x, r.left)
	}
	return x
}

func (l line) right() float64 {
	x := math.Inf(-1)
	for _, r := range l.rects {
		x = max(x, r.right)
	}
	return x
}

// gutter finds the place between two columns that enough lines leave free.
func gutter(lines []line) (x float64, ok bool) {
	var edges []float64 // the left ends of gaps, one of which is tried as the gutter
	for _, l := range lines {
		for _, g := range l.gaps() {
			edges = append(edges, g.left, g.right)
		}
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	const tried = 200
	best := 0
	for i := 0; i+1 < min(len(edges), tried); i++ {
		middle := (edges[i] + edges[i+1]) / 2
		n := 0
		for _, l := range lines {
			for _, g := range l.gaps() {
				if g.left <= middle && middle <= g.right {
					n++
				}
			}
		}
		if n > best {
			best, x = n, middle
		}
	}
	if best < minWoven {
		return 0, false
	}
	// Prose, and no table: words on both sides.
	words, across := 0, 0
	for _, l := range lines {
		over := slices.ContainsFunc(l.gaps(), func(g gap) bool { return g.left <= x && x <= g.right })
		if over && len(l.gaps()) > 1 {
			return 0, false // more columns than two, which only tables have as a rule
		}
		if over {
			words += len(strings.Fields(l.text))
			continue
		}
		if len(l.rects) > 0 && l.left() < x && l.right() > x {
			across++
		}
	}
	return x, words >= 2*columnWord*best && across*2 <= best
}

// split cuts a line at a gap.
func (r *pageReader) split(l line, g gap) (a, b line, err error) {
	next := l.rects[g.after+1]
	found, err := r.FPDFText_GetCharIndexAtPos(&requests.FPDFText_GetCharIndexAtPos{
		TextPage: r.text, X: next.left + 0.5, Y: (next.top + next.bottom) / 2, XTolerance: 3, YTolerance: 3,
	})
	if err != nil {
		return l, line{}, err
	}
	rest := found.CharIndex - l.start
	cut := len(l.text)
	for i, c := range l.text {
		if rest <= 0 {
			cut = i
			break
		}
		rest -= utf16.RuneLen(c)
	}
	a = line{text: strings.TrimSpace(l.text[:cut]), start: l.start, rects: l.rects[:g.after+1]}
	b = line{text: strings.TrimSpace(l.text[cut:]), start: found.CharIndex, rects: l.rects[g.after+1:]}
	return a, b, nil
}
