package token

import "sort"

// An alignment maps positions in a derived text to the text it was made from.
// It is a list of runs; without any, both texts are the same. Inside a plain
// run both advance byte by byte: a rune stands at the place of a rune of the
// same length. A block stands for its source as a whole, such as an é that was
// made from e and a combining accent, or the two characters that İ becomes in
// lower case.
type alignment struct {
	runs            []alignedRun
	derived, source int // lengths of both texts
}

type alignedRun struct {
	derived, source int32 // where the run begins
	block           bool
}

func (a *alignment) reset() { *a = alignment{runs: a.runs[:0]} }

// plain appends n bytes that correspond one by one.
func (a *alignment) plain(n int) {
	if n == 0 {
		return
	}
	if len(a.runs) == 0 || a.runs[len(a.runs)-1].block {
		a.runs = append(a.runs, alignedRun{int32(a.derived), int32(a.source), false})
	}
	a.derived += n
	a.source += n
}

// block appends derived bytes that were made from source bytes.
func (a *alignment) block(derived, source int) {
	a.runs = append(a.runs, alignedRun{int32(a.derived), int32(a.source), true})
	a.derived += derived
	a.source += source
}

// span returns the source of the derived bytes [from, to). Both must be rune
// boundaries. An empty range gives the empty range at its place.
func (a *alignment) span(from, to int) (int, int) {
	if len(a.runs) == 0 {
		return from, to
	}
	first := a.find(from)
	run := a.runs[first]
	start := int(run.source)
	if !run.block {
		start += from - int(run.derived)
	}
	if from >= to {
		return start, start
	}
	last := first
	if end := a.endOf(first); to > end {
		last = a.find(to - 1)
	}
	run = a.runs[last]
	if !run.block {
		return start, int(run.source) + to - int(run.derived)
	}
	if last+1 < len(a.runs) {
		return start, int(a.runs[last+1].source)
	}
	return start, a.source
}

// find returns the run that holds the derived byte at that position.
func (a *alignment) find(at int) int {
	return sort.Search(len(a.runs)-1, func(i int) bool { return int(a.runs[i+1].derived) > at })
}

func (a *alignment) endOf(run int) int {
	if run+1 < len(a.runs) {
		return int(a.runs[run+1].derived)
	}
	return a.derived
}

// A layer is a text made from another one, and where it came from.
type layer struct {
	text []byte
	alignment
}

func (l *layer) reset() {
	l.text = l.text[:0]
	l.alignment.reset()
}

// copy appends source bytes as they are.
func (l *layer) copy(source []byte) {
	l.text = append(l.text, source...)
	l.plain(len(source))
}

// replace closes a block: the bytes that were appended to text since it was
// derived bytes long were made from that many source bytes.
func (l *layer) replace(source int) {
	l.block(len(l.text)-l.derived, source)
}
