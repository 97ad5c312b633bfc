package store

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// maxSegment is how many passages a segment is given at most, so that what is
// rewritten at once stays small. Tests make it smaller.
var maxSegment = 4096

// maxSlots is how many passages a segment can number.
const maxSlots = 1 << 16

// entry is a passage of the candidate index: the distinct centroids that its
// tokens are nearest to, ascending.
type entry struct {
	id    int64
	cells []uint16
}

// segment is the inverted lists of some passages: for each centroid the
// passages with a token in its cell. It doesn't change once it is made.
type segment struct {
	row    int64    // id of its row, 0 for the tail
	ids    []int64  // of the passages, ascending
	starts []uint32 // [centroids + 1]: list c is slots[starts[c]:starts[c+1]]
	slots  []uint16 // indices of ids, ascending in each list
}

// newSegment inverts entries, which are at most maxSlots and ascending by id, for an index of n centroids.
func newSegment(entries []entry, n int) *segment {
	g := &segment{ids: make([]int64, len(entries)), starts: make([]uint32, n+1)}
	total := 0
	for i, e := range entries {
		g.ids[i] = e.id
		total += len(e.cells)
		for _, c := range e.cells {
			g.starts[int(c)+1]++
		}
	}
	for c := range n {
		g.starts[c+1] += g.starts[c]
	}
	next := append([]uint32(nil), g.starts[:n]...)
	g.slots = make([]uint16, total)
	for i, e := range entries {
		for _, c := range e.cells {
			g.slots[next[c]] = uint16(i)
			next[c]++
		}
	}
	return g
}

// entries undoes newSegment.
func (g *segment) entries() []entry {
	counts := make([]int, len(g.ids))
	for _, s := range g.slots {
		counts[s]++
	}
	entries := make([]entry, len(g.ids))
	for i, id := range g.ids {
		entries[i] = entry{id, make([]uint16, 0, counts[i])}
	}
	for c := range len(g.starts) - 1 {
		for _, s := range g.slots[g.starts[c]:g.starts[c+1]] {
			entries[s].cells = append(entries[s].cells, uint16(c))
		}
	}
	return entries
}

// marshal writes a segment in unsigned varints: the number of passages, the
// first id and then the differences; the number of centroids and for each the
// length of its list, the first slot and then the differences.
func (g *segment) marshal() []byte {
	out := make([]byte, 0, len(g.ids)+len(g.starts)+len(g.slots)*3/2)
	out = binary.AppendUvarint(out, uint64(len(g.ids)))
	last := int64(0)
	for _, id := range g.ids {
		out = binary.AppendUvarint(out, uint64(id-last))
		last = id
	}
	n := len(g.starts) - 1
	out = binary.AppendUvarint(out, uint64(n))
	for c := range n {
		list := g.slots[g.starts[c]:g.starts[c+1]]
		out = binary.AppendUvarint(out, uint64(len(list)))
		last := -1
		for _, s := range list {
			out = binary.AppendUvarint(out, uint64(int(s)-last-1))
			last = int(s)
		}
	}
	return out
}

var errSegment = errors.New("inverted lists end early")

// parseSegment undoes marshal for an index of n centroids. Memory stays in
// proportion to the data, whatever the data say.
func parseSegment(row int64, data []byte, n int) (*segment, error) {
	at := 0
	number := func() (uint64, bool) {
		if at < len(data) && data[at] < 0x80 { // nearly all
			at++
			return uint64(data[at-1]), true
		}
		v, used := binary.Uvarint(data[at:])
		if used <= 0 {
			return 0, false
		}
		at += used
		return v, true
	}
	count, ok := number()
	if !ok || count < 1 || count > maxSlots || int(count) > len(data) {
		return nil, fmt.Errorf("segment of %d passages, expected 1 to %d", count, maxSlots)
	}
	g := &segment{row: row, ids: make([]int64, count), starts: make([]uint32, n+1)}
	last := int64(0)
	for i := range g.ids {
		difference, ok := number()
		if !ok {
			return nil, errSegment
		}
		if difference < 1 || difference > 1<<62 || last > 1<<62 {
			return nil, errors.New("passage ids don't ascend")
		}
		last += int64(difference)
		g.ids[i] = last
	}
	if centroids, ok := number(); !ok || centroids != uint64(n) {
		return nil, fmt.Errorf("segment of %d centroids, expected %d", centroids, n)
	}
	g.slots = make([]uint16, 0, len(data)-at)
	for c := range n {
		length, ok := number()
		if !ok {
			return nil, errSegment
		}
		if length > count {
			return nil, fmt.Errorf("list of %d passages in a segment of %d", length, count)
		}
		slot := -1
		for range length {
			gap, ok := number()
			if !ok {
				return nil, errSegment
			}
			if gap >= count-uint64(slot+1) {
				return nil, fmt.Errorf("list leaves the segment's %d passages", count)
			}
			slot += int(gap) + 1
			g.slots = append(g.slots, uint16(slot))
		}
		g.starts[c+1] = uint32(len(g.slots))
	}
	if at != len(data) {
		return nil, fmt.Errorf("%d bytes behind the inverted lists", len(data)-at)
	}
	return g, nil
}
