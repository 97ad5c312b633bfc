package index

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/index/split"
	"github.com/toller-search/toller/heads"
)

// passages says how an index cuts texts.
type passages struct {
	budget  int // tokens of a sequence
	overlap int
	whole   bool
	given   bool // budget and overlap are the caller's

	longest int // tokens of a passage that are encoded: all of them, unless documents are kept whole
	title   int // bytes of a title that are encoded
}

const (
	// maxPassage is the longest passage of a model that takes texts of any length.
	maxPassage = 1 << 15
	// maxTitle is how many bytes of a title are encoded, with each passage anew; of
	// a model with a number of positions no more than a quarter of that, so that a
	// passage with its title never has more tokens than there are positions.
	maxTitle = 512
	// leastText is how many tokens of a passage are left for the text.
	leastText = 16

	defaultBudget = 256
)

// settle sets the default budget and checks the caller's. m may be nil.
func (p *passages) settle(m *edge.Model) error {
	p.longest, p.title = maxPassage, maxTitle
	if m == nil {
		return nil
	}
	info, most := m.Info(), maxPassage-maxTitle
	if positions := info.Backbone.Positions; positions > 0 {
		p.longest, p.title, most = min(maxPassage, positions), min(maxTitle, positions/4), min(most, positions)
	}
	if p.whole {
		return nil
	}
	around := m.Overhead()
	if !p.given {
		p.budget = max(min(info.Document.Length, defaultBudget), around+leastText)
		p.overlap = p.budget / 8
	}
	if least := around + leastText; p.budget < least || p.budget > most {
		return fmt.Errorf("index: WithPassages: expected %d to %d tokens, found %d", least, most, p.budget)
	}
	if p.overlap < 0 || p.overlap > p.budget/2 {
		return fmt.Errorf("index: WithPassages: expected an overlap of 0 to half the %d tokens, found %d", p.budget, p.overlap)
	}
	p.budget -= around
	return nil
}

// PassageRule says by which rule texts are cut into passages: what is stored under
// another one would be cut in another way now.
func (x *Index) PassageRule() string {
	if x.whole {
		return "whole"
	}
	return fmt.Sprintf("%d tokens, %d repeated", x.budget, x.overlap)
}

// cut cuts an entry's text into passages; those of a text with pages have the pages that
// they are on for a heading, "page 3" or "pages 3-5", which is where filters look for them. Without a text there is one for the
// title, if there is a title. Once the context has ended the passages are of no
// use, and soon there.
func (p *passages) cut(ctx context.Context, m *edge.Model, title, text string, plain bool) []Passage {
	o := split.Options{Overlap: p.overlap, Plain: plain}
	if !p.whole {
		taken := m.CountTokens(p.encodedTitle(title), p.budget)
		o.Budget = max(p.budget-taken, p.budget/2)
		o.Count = func(text string) int {
			if ctx.Err() != nil {
				return 0
			}
			return m.CountTokens(text, o.Budget+1)
		}
	}
	var cut []Passage
	paged := plain && strings.Contains(text, split.PageBreak)
	at, page := 0, 1
	for _, p := range split.Passages(text, o) {
		if paged {
			page += strings.Count(text[at:p.Start], split.PageBreak)
			at, p.Heading = p.Start, split.Pages(page, page+strings.Count(text[p.Start:p.End], split.PageBreak))
		}
		cut = append(cut, Passage{Start: p.Start, End: p.End, Heading: p.Heading})
	}
	if cut == nil && strings.TrimSpace(title) != "" {
		cut = []Passage{{}}
	}
	return cut
}

// titled is what is encoded for a passage: the title, a space and the text, or
// the text alone where there is no title or the text begins with it, possibly
// as a heading. It also returns where the passage's text begins in it.
func (p *passages) titled(title, text string) (encoded string, start int) {
	title = p.encodedTitle(title)
	if title == "" || beginsWith(strings.TrimLeft(text, "# "), title) {
		return text, 0
	}
	return title + " " + text, len(title) + 1
}

// beginsWith says whether text begins with words, and not in the middle of one.
func beginsWith(text, words string) bool {
	rest, found := strings.CutPrefix(text, words)
	next, _ := utf8.DecodeRuneInString(rest)
	return found && !unicode.IsLetter(next) && !unicode.IsNumber(next)
}

// encodedTitle is the part of a title that is encoded.
func (p *passages) encodedTitle(title string) string {
	title = strings.TrimSpace(title)
	if len(title) <= p.title {
		return title
	}
	end := p.title
	for !utf8.RuneStart(title[end]) {
		end--
	}
	return title[:end]
}

// pooled returns the vectors that an index keeps of an encoded passage, and for
// each token the one that it is part of; nil where there is nothing to pool.
//
// The means that pooling gives are made unit vectors again: MaxSim compares them
// with those of other documents, and short ones lose. On SciFact that is worth 6
// points of nDCG@10 out of a hundred.
func (x *Index) pooled(ctx context.Context, d *edge.Document) ([]float32, []uint32, error) {
	data, clusters, err := d.Clusters(ctx, x.pool)
	if err == nil && clusters != nil {
		heads.Normalize(data, d.Dim())
	}
	return data, clusters, err
}
