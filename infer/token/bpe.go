package token

import (
	"math"
	"math/rand/v2"
)

// A bpe merges the symbols of a pre-token, whatever these are to begin with:
// as long as there is one, it applies the merge of lowest rank, the leftmost
// first where ranks are equal.
type bpe struct {
	vocab  *vocabulary
	merges mergeTable
}

func (b *bpe) vocabulary() *vocabulary { return b.vocab }

// noMerge is the rank of a pair that does not merge. It is above all others.
const noMerge = math.MaxInt32

// A mergeTable gives the rank of every pair that merges, and what it becomes.
type mergeTable struct {
	slots  []mergeSlot // open addressing, a power of two long
	pairs  int         // taken slots, at most half of them
	factor uint64      // random and odd: a file can't be made to collide
	shift  uint
	result []int32 // token index by rank
}

type mergeSlot struct {
	left, right int32 // token indices
	next        int32 // rank+1, 0 marks an empty slot
}

// newMergeTable returns a table with room for so many merges; it grows with more.
func newMergeTable(merges int) mergeTable {
	t := mergeTable{factor: rand.Uint64() | 1, shift: 63}
	for 1<<(64-t.shift) < 2*merges+1 {
		t.shift--
	}
	t.slots = make([]mergeSlot, 1<<(64-t.shift))
	t.result = make([]int32, 0, merges)
	return t
}

// slot finds the pair, or the empty slot where it belongs.
func (t *mergeTable) slot(left, right int32) *mergeSlot {
	mask := uint64(len(t.slots) - 1)
	for i := (uint64(left)<<32 | uint64(right)) * t.factor >> t.shift; ; i = (i + 1) & mask {
		s := &t.slots[i]
		if s.next == 0 || s.left == left && s.right == right {
			return s
		}
	}
}

// add appends a merge; its rank is the number of merges before it. A pair that
// comes twice has its last rank, as in huggingface/tokenizers.
func (t *mergeTable) add(left, right, result int32) {
	t.result = append(t.result, result)
	s := t.slot(left, right)
	if s.next == 0 {
		if t.pairs++; 2*t.pairs >= len(t.slots) {
			t.grow()
			s = t.slot(left, right)
		}
	}
	*s = mergeSlot{left, right, int32(len(t.result))}
}

// grow doubles the number of slots.
func (t *mergeTable) grow() {
	old := t.slots
	t.shift--
	t.slots = make([]mergeSlot, 2*len(old))
	for _, s := range old {
		if s.next > 0 {
			*t.slot(s.left, s.right) = s
		}
	}
}

func (t *mergeTable) rank(left, right int32) int32 {
	if s := t.slot(left, right); s.next > 0 {
		return s.next - 1
	}
	return noMerge
}

// shortWord is the longest run of symbols that is merged by scanning for the
// lowest rank every time. That is quadratic, but up to about 190 symbols it beats
// a queue: BenchmarkMerge.
const shortWord = 128

// A merger is the scratch memory of merge.
type merger struct {
	ranks   [shortWord]int32
	symbols []int32
	queue   rankQueue
	literal []byte
}

// merge returns the token indices that symbols, at least one, become, in their
// place. The result is valid until the next call.
func (b *bpe) merge(m *merger, symbols []int32) []int32 {
	if len(symbols) <= shortWord {
		return b.mergeShort(symbols, m.ranks[:len(symbols)])
	}
	return b.mergeLong(symbols, &m.queue)
}

// mergeShort keeps in ranks[i] the rank of the pair that begins at symbol i.
func (b *bpe) mergeShort(symbols, ranks []int32) []int32 {
	last := len(symbols) - 1
	for i := range last {
		ranks[i] = b.merges.rank(symbols[i], symbols[i+1])
	}
	ranks[last] = noMerge
	for {
		at := 0
		for i, rank := range ranks {
			if rank < ranks[at] {
				at = i
			}
		}
		if ranks[at] == noMerge {
			return symbols
		}
		symbols[at] = b.merges.result[ranks[at]]
		last--
		copy(symbols[at+1:], symbols[at+2:])
		copy(ranks[at:], ranks[at+1:])
		symbols, ranks = symbols[:last+1], ranks[:last+1]
		if at < last {
			ranks[at] = b.merges.rank(symbols[at], symbols[at+1])
		}
		if at > 0 {
			ranks[at-1] = b.merges.rank(symbols[at-1], symbols[at])
		}
	}
}

// mergeLong does the same in time n·log(n) and four bytes a symbol besides
// the queue.
//
// cells has one cell for each symbol that there is to begin with. A symbol that
// covers cells [p, p+w) has its token index in cells[p] and, if w > 1, -w in
// cells[p+w-1], so that its neighbour to the right finds its beginning; the
// cells between are negative or never looked at again. A non-negative cell is
// thus always the beginning of a symbol. Tokens' widths are counted in cells.
//
// The queue holds only pairs that go before both of their neighbours. Any
// other pair has to wait for a neighbour anyway, and is looked at again when
// that neighbour has changed. The pair to be merged next, the lowest of all,
// is always in the queue. A run of one letter keeps it at one entry instead
// of one a cell.
func (b *bpe) mergeLong(cells []int32, queue *rankQueue) []int32 {
	w := longWord{b, cells}
	*queue = (*queue)[:0]
	for p := 0; p >= 0; p = w.next(p) {
		w.enqueue(queue, p)
	}
	for len(*queue) > 0 {
		rank, p := queue.pop()
		if cells[p] < 0 || w.rank(p) != rank {
			continue // the pair has changed since
		}
		q := w.next(p)
		end := q + w.width(q)
		cells[q] = -1
		cells[p] = b.merges.result[rank]
		cells[end-1] = int32(p - end)

		// Two pairs are new, and the pairs beside these have a new neighbour.
		first := p
		for range 2 {
			if before := w.previous(first); before >= 0 {
				first = before
			}
		}
		for x := first; x >= 0 && x <= end; x = w.next(x) {
			w.enqueue(queue, x)
		}
	}

	n := 0
	for p := 0; p >= 0; n++ {
		next := w.next(p)
		cells[n] = cells[p]
		p = next
	}
	return cells[:n]
}

// A longWord is a view of the cells of mergeLong. Positions are cells; -1 is
// the position of a symbol that is not there.
type longWord struct {
	*bpe
	cells []int32
}

func (w longWord) width(p int) int { return int(w.vocab.tokens[w.cells[p]].width) }

func (w longWord) next(p int) int {
	if p += w.width(p); p < len(w.cells) {
		return p
	}
	return -1
}

func (w longWord) previous(p int) int {
	if p == 0 {
		return -1
	}
	if before := int(w.cells[p-1]); before < 0 {
		return p + before
	}
	return p - 1
}

// rank returns the rank of the pair that begins at p.
func (w longWord) rank(p int) int32 {
	q := w.next(p)
	if q < 0 {
		return noMerge
	}
	return w.merges.rank(w.cells[p], w.cells[q])
}

// enqueue puts the pair that begins at p into the queue if it goes before both
// of its neighbours.
func (w longWord) enqueue(queue *rankQueue, p int) {
	rank := w.rank(p)
	if rank == noMerge || w.rank(w.next(p)) < rank {
		return
	}
	if before := w.previous(p); before >= 0 && w.rank(before) <= rank {
		return
	}
	queue.push(rank, p)
}

// A rankQueue is a binary heap of pairs, lowest rank first, then leftmost.
type rankQueue []uint64 // rank<<32 | position

func (q *rankQueue) push(rank int32, position int) {
	*q = append(*q, uint64(rank)<<32|uint64(position))
	h := *q
	for i := len(h) - 1; i > 0; {
		parent := (i - 1) / 2
		if h[parent] <= h[i] {
			return
		}
		h[parent], h[i] = h[i], h[parent]
		i = parent
	}
}

func (q *rankQueue) pop() (rank int32, position int) {
	h := *q
	top := h[0]
	h[0] = h[len(h)-1]
	h = h[:len(h)-1]
	*q = h
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if child+1 < len(h) && h[child+1] < h[child] {
			child++
		}
		if h[i] <= h[child] {
			break
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
	return int32(top >> 32), int(uint32(top))
}
