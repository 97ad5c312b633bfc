package store

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/toller-search/toller/infer/simd"
)

// candidate is a passage of the index and its estimated MaxSim.
type candidate struct {
	slot     int32
	estimate float32
}

// maxQuery is how many vectors a query may have.
const maxQuery = 1 << 15

const (
	// A query token looks up lists until they hold minProbed passages, or one in
	// probeShare of all where that is more; maxProbes lists at most.
	minProbed  = 2048
	probeShare = 4
	maxProbes  = 512
)

// probe is a list that a query token looks up, and the centroid's score.
type probe struct {
	score float32
	cell  int32
}

// candidates estimates the MaxSim of the passages that share a centroid with
// the query q [m, dim], whose vectors are projected, and returns the limit
// best, best first. allowed, by slot, leaves the others out when it isn't nil.
//
// As in WARP (arXiv 2501.17788) the estimate takes the centroid's score for
// each token that shares a probed cell, and for the others the score at which
// probing stopped.
func (x *index) candidates(q []float32, allowed []bool, limit int) []candidate {
	m := len(q) / x.coder.book.Dim()
	enough := max(minProbed, len(x.ids)/probeShare)
	probes := x.nearest(q, m, x.probes(enough))
	var floor float32 // the estimate of a passage that no token found
	for i, list := range probes {
		used, found := 0, 0
		for used < len(list)-1 && found < enough {
			found += int(x.counts[list[used].cell])
			used++
		}
		stop := list[used].score
		if found < enough && len(list) == len(x.counts) {
			used = len(list) // every list there is
		}
		probes[i] = list[:used]
		for j := range probes[i] {
			probes[i][j].score -= stop
		}
		floor += stop
	}

	// One segment after the other, whose sums then stay in the processor's
	// nearest cache.
	w := workspaces.Get().(*workspace)
	defer workspaces.Put(w)
	found := make([]candidate, 0, 2*limit)
	least := negativeInfinity
	x.all(func(base int, g *segment) {
		for i, list := range probes {
			mark := uint16(i + 1)
			for _, p := range list {
				for _, s := range g.slots[g.starts[p.cell]:g.starts[p.cell+1]] {
					if w.seen[s] != mark { // not by a nearer centroid
						w.seen[s] = mark
						w.sums[s] += p.score
					}
				}
			}
		}
		for s := range g.ids {
			sum, seen := w.sums[s], w.seen[s]
			w.sums[s], w.seen[s] = 0, 0
			c := candidate{int32(base + s), floor + sum}
			if seen == 0 || c.estimate < least || allowed != nil && !allowed[c.slot] {
				continue
			}
			if found = append(found, c); len(found) == 2*limit {
				found = best(found, limit)
				least = found[0].estimate
				for _, c := range found {
					least = min(least, c.estimate)
				}
			}
		}
	})
	found = best(found, limit)
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.estimate, a.estimate), cmp.Compare(a.slot, b.slot))
	})
	return found
}

// workspace is what the sums of one segment need, zero between uses.
type workspace struct {
	sums [maxSlots]float32 // above the floor
	seen [maxSlots]uint16  // last query token that found a passage, from 1
}

var workspaces = sync.Pool{New: func() any { return new(workspace) }}

// probes is how many lists a token may have to look up until they hold enough
// passages: three times as many as lists of average length, and one more to stop
// at.
func (x *index) probes(enough int) int {
	total := 1
	for _, n := range x.counts {
		total += int(n)
	}
	return min(3*enough*len(x.counts)/total+4, maxProbes)
}

// nearest returns for each of the m query vectors the centroids with the
// largest dot products, at most limit, largest first.
func (x *index) nearest(q []float32, m, limit int) [][]probe {
	dim, n := x.coder.book.Dim(), x.coder.book.Len()
	centroids := x.coder.book.Centroids()
	queries := simd.PackFloat32(m, dim, q)
	const rows = 512
	products := make([]float32, rows*m)
	// A list is cut to its best whenever it has four times as many as it may;
	// what is below the last of them need not enter it any more.
	lists := make([][]uint64, m)
	least := make([]float32, m)
	for i := range lists {
		lists[i] = make([]uint64, 0, 4*limit)
		least[i] = negativeInfinity
	}
	for first := 0; first < n; first += rows {
		count := min(rows, n-first)
		simd.MatMul(products, centroids[first*dim:], count, queries)
		for r := range count {
			for i, v := range products[r*m : (r+1)*m] {
				if v <= least[i] {
					continue
				}
				lists[i] = append(lists[i], probeKey(v, first+r))
				if len(lists[i]) == cap(lists[i]) {
					slices.Sort(lists[i])
					lists[i] = lists[i][:limit]
					least[i] = keyProbe(lists[i][limit-1]).score
				}
			}
		}
	}
	probes := make([][]probe, m)
	for i, list := range lists {
		slices.Sort(list)
		for _, key := range list[:min(len(list), limit)] {
			probes[i] = append(probes[i], keyProbe(key))
		}
	}
	return probes
}

// probeKey makes a probe a number, the smaller the better: plain numbers sort
// in a fraction of the time.
func probeKey(score float32, cell int) uint64 {
	bits := math.Float32bits(score)
	if bits>>31 == 0 {
		bits = ^bits &^ (1 << 31) // positive: descending, below all negative
	}
	return uint64(bits)<<32 | uint64(cell)
}

func keyProbe(key uint64) probe {
	bits := uint32(key >> 32)
	if bits>>31 == 0 {
		bits = ^bits &^ (1 << 31)
	}
	return probe{math.Float32frombits(bits), int32(uint32(key))}
}

// best moves the limit candidates with the largest estimates, the smallest
// slots among equals, to the front and returns them, in no order.
func best(list []candidate, limit int) []candidate {
	if limit >= len(list) {
		return list
	}
	before := func(a, b candidate) bool {
		return a.estimate > b.estimate || a.estimate == b.estimate && a.slot < b.slot
	}
	low, high := 0, len(list)-1
	for low < high {
		pivot := list[low+(high-low)/2]
		i, j := low, high
		for i <= j {
			for before(list[i], pivot) {
				i++
			}
			for before(pivot, list[j]) {
				j--
			}
			if i <= j {
				list[i], list[j] = list[j], list[i]
				i++
				j--
			}
		}
		switch {
		case limit-1 <= j:
			high = j
		case limit-1 >= i:
			low = i
		default:
			low = high
		}
	}
	return list[:limit]
}
