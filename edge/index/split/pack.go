package split

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxTokenBytes is how many bytes a token may have on average before a piece
	// is held for too long without counting, which spares the tokenizer words of
	// megabytes.
	maxTokenBytes = 64
	// leading is how much of the white space before a piece is counted with it:
	// enough for what tokenizers join with the word that follows.
	leading = 4
	// guess is how many bytes a token has in a word that is too long, until
	// counting tells better.
	guess = 3
)

// packer fills one passage after the other with pieces of the text.
type packer struct {
	text    string
	options Options
	outline
	passages []Passage

	// The passage that is being filled. Its tokens are the sum over its pieces;
	// they are counted once more when it is done.
	span
	tokens  int
	section int  // that all of it lies in
	filled  bool // more than overlap is in it
	fresh   int  // where the overlap ends
	body    int  // where the headings of its last paragraph end
}

// count returns the tokens of s with a little of the white space before it,
// budget+1 for anything above the budget.
func (p *packer) count(s span) int {
	if s.len()/maxTokenBytes > p.options.Budget {
		return p.options.Budget + 1
	}
	for n := 0; n < leading && s.start > 0 && strings.IndexByte(" \t\r\n", p.text[s.start-1]) >= 0; n++ {
		s.start--
	}
	return min(max(p.options.Count(p.text[s.start:s.end]), 0), p.options.Budget+1)
}

func (p *packer) countBlocks() {
	for i := range p.blocks {
		p.blocks[i].tokens = p.count(p.blocks[i].span)
	}
}

func (p *packer) pack() {
	next := 1 // section
	for i := 0; i < len(p.blocks); {
		opened := next
		for next < len(p.sections) && p.sections[next].first == i {
			next++
		}
		if i == 0 {
			opened = 0
		}
		if end := p.wholeSection(opened, next); end > i {
			i = end
			for next < len(p.sections) && p.sections[next].first < i {
				next++
			}
			continue
		}
		p.place(p.blocks[i], paragraph)
		i++
	}
	p.finish()
}

// wholeSection takes in the outermost of the sections from and up to, but
// without, to, all of which begin here, that fits as a whole. It returns the
// block after it, or 0 if none fits.
func (p *packer) wholeSection(from, to int) int {
	if from == to {
		return 0
	}
	if 4*p.tokens >= p.options.Budget {
		p.finish()
	}
	for {
		for s := from; s < to; s++ {
			if p.takeSection(s) {
				return p.sections[s].last
			}
		}
		if !p.filled {
			return 0
		}
		p.finish()
	}
}

// takeSection takes in all of a section, if there is something in it and it fits.
func (p *packer) takeSection(s int) bool {
	blocks := p.blocks[p.sections[s].first:p.sections[s].last]
	tokens := p.tokens
	for _, b := range blocks {
		if tokens += b.tokens; tokens > p.options.Budget {
			return false
		}
	}
	for _, b := range blocks {
		p.take(b)
	}
	return len(blocks) > 0
}

// place takes a piece in, whole or in parts.
func (p *packer) place(u piece, g grain) {
	budget := p.options.Budget
	switch {
	case p.tokens+u.tokens <= budget:
		p.take(u)
	case u.tokens <= budget && (g == word || p.mayEnd(g)):
		p.finishWithin()
		if p.tokens+u.tokens > budget {
			p.empty() // without overlap, then
		}
		p.take(u)
	case g == word:
		p.finish()
		p.cutWord(u)
	default:
		for s := range pieces(p.text, u.span, u.body, g+1) {
			p.place(piece{s, u.body, u.section, p.count(s)}, g+1)
		}
	}
}

// mayEnd reports that the passage may end before a piece of that grain: a
// paragraph is rather cut than to leave more than half of it empty, and
// anything is rather cut than to part a heading from its text.
func (p *packer) mayEnd(g grain) bool {
	return !p.filled || p.end > p.body && (g > paragraph || 2*p.tokens >= p.options.Budget)
}

// take adds a piece to the passage.
func (p *packer) take(u piece) {
	if !p.filled && p.len() == 0 {
		p.start, p.section = u.start, u.section
	}
	if !p.filled {
		p.fresh = u.start
	}
	p.end, p.body = u.end, u.body
	p.tokens += u.tokens
	p.section = p.common(p.section, u.section)
	p.filled = true
}

// cutWord makes passages of a word that is too long for one; its end stays
// open for more.
func (p *packer) cutWord(u piece) {
	size := guess * p.options.Budget
	for u.len() > 0 {
		s := p.prefix(u.span, size)
		tokens := p.count(s)
		for tokens > p.options.Budget && s.len() > utf8.UTFMax {
			s = p.prefix(s, s.len()/2)
			tokens = p.count(s)
		}
		if tokens > p.options.Budget {
			s = p.prefix(s, 1)
			tokens = p.count(s)
		}
		size = s.len()
		if 2*tokens <= p.options.Budget {
			size *= 2
		}
		p.finish()
		p.take(piece{s, u.body, u.section, tokens})
		u.start = s.end
	}
}

// prefix returns about the first size bytes of s, whole characters and at
// least one.
func (p *packer) prefix(s span, size int) span {
	if size < s.len() {
		s.end = characterAt(p.text, s.start, s.start+max(size, 1))
	}
	return s
}

func (p *packer) empty() {
	p.span, p.tokens, p.section, p.filled, p.fresh, p.body = span{}, 0, 0, false, 0, 0
}

// finish ends the passage where the next shall not overlap it.
func (p *packer) finish() {
	if p.filled {
		p.emit(p.fresh, p.span)
	}
	p.empty()
}

// finishWithin ends the passage; the next begins with the end of this one.
func (p *packer) finishWithin() {
	if !p.filled {
		return
	}
	done, section := p.span, p.section
	p.finish()
	if last := len(p.passages) - 1; last >= 0 {
		done.start = max(done.start, p.passages[last].Start)
	}
	if start, tokens := p.overlap(done); tokens > 0 {
		p.span, p.tokens, p.section = span{start, done.end}, tokens, section
	}
}

// overlap returns where the end of a passage begins that the next one repeats,
// and how many tokens that is; none if nothing is short enough.
func (p *packer) overlap(done span) (start, tokens int) {
	if p.options.Overlap <= 0 {
		return 0, 0
	}
	var whole []span
	for s := range sentencesOf(p.text, done, done.start) {
		whole = append(whole, s)
	}
	start = done.end
	for i := len(whole) - 1; i > 0; i-- {
		n := p.count(whole[i])
		if tokens+n > p.options.Overlap {
			break
		}
		start, tokens = whole[i].start, tokens+n
	}
	if tokens > 0 {
		return start, tokens
	}
	for w := range wordsBackwards(p.text, done) {
		n := p.count(w)
		if tokens+n > p.options.Overlap || w.start == done.start {
			break
		}
		start, tokens = w.start, tokens+n
	}
	return start, tokens
}

// emit adds a passage. Pieces may count more together than alone: then it goes
// without its overlap, which ends at fresh, and else in halves.
func (p *packer) emit(fresh int, s span) {
	s = trim(p.text, s)
	if s.len() == 0 {
		return
	}
	if p.options.Count(p.text[s.start:s.end]) > p.options.Budget {
		if fresh > s.start {
			p.emit(fresh, span{fresh, s.end})
			return
		}
		if middle := p.middle(s); middle < s.end {
			p.emit(s.start, span{s.start, middle})
			p.emit(middle, span{middle, s.end})
			return
		}
	}
	p.passages = append(p.passages, Passage{s.start, s.end, p.path(p.section)})
}

// middle returns the end of a word near the middle of s, else of a character;
// the end of s if it is a single character.
func (p *packer) middle(s span) int {
	half := characterAt(p.text, s.start, s.start+(s.len()+1)/2)
	if n := strings.LastIndexFunc(p.text[s.start:half], unicode.IsSpace); n > 0 {
		return s.start + n
	}
	if n := strings.IndexFunc(p.text[half:s.end], unicode.IsSpace); n >= 0 {
		return half + n
	}
	return half
}
