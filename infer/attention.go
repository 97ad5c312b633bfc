package infer

import (
	"context"
	"math"

	"github.com/toller-search/toller/infer/simd"
)

// cache holds a layer's keys and values of one sequence, laid out as right
// sides of panel products.
type cache struct {
	n, dim        int // positions, dimensions of a head
	padded, width int // both, filled up to whole panels

	// keys of a head: for every 16 positions [dim][16], so that one panel
	// product gives the scores of 16 keys.
	// values of a head: for every 16 dimensions [padded][16], so that one panel
	// product over any range of positions gives 16 dimensions of their mix.
	keys   []float32 // [heads, padded·dim]
	values []float32 // [heads, width·padded]
}

const panel = simd.PanelWidth

func newCache(n, heads, dim int) cache {
	c := cache{n: n, dim: dim, padded: wholePanels(n), width: wholePanels(dim)}
	c.keys = borrow(heads * c.padded * dim)
	c.values = borrow(heads * c.width * c.padded)
	// Scores of the padding are computed and then left out: they must be
	// finite, whatever the buffer held before.
	zero := make([]float32, heads*dim)
	for p := n; p < c.padded; p++ {
		c.put(p, 1, zero, zero)
	}
	return c
}

func (c *cache) release() {
	giveBack(c.keys)
	giveBack(c.values)
}

// put stores keys and values, [rows, heads, dim] each, of the positions from first
// on, of which there are as many as rows.
func (c *cache) put(first, rows int, keys, values []float32) {
	width := len(keys) / rows
	for r := 0; r < rows; {
		at := first + r
		if at%panel != 0 || rows-r < panel {
			c.putKeys(at, keys[r*width:][:width])
			r++
			continue
		}
		for head := range width / c.dim {
			simd.PackPanel(c.headKeys(head)[at*c.dim:][:panel*c.dim], keys[r*width+head*c.dim:], width)
		}
		r += panel
	}
	for head := range width / c.dim {
		c.putValues(head, first, rows, values[head*c.dim:], width)
	}
}

// putKeys stores a position's keys, [heads, dim].
func (c *cache) putKeys(position int, keys []float32) {
	for head := range len(keys) / c.dim {
		k := c.headKeys(head)[position/panel*panel*c.dim+position%panel:]
		for d, v := range keys[head*c.dim:][:c.dim] {
			k[d*panel] = v
		}
	}
}

// putValues stores a head's values of positions from first on: rows of dim values
// that are ld apart. What a panel gets of them is next to each other there.
func (c *cache) putValues(head, first, rows int, values []float32, ld int) {
	v := c.headValues(head)
	for d := 0; d < c.dim; d += panel {
		to, from := v[d*c.padded+first*panel:][:rows*panel], values[d:]
		if c.dim-d < panel {
			clear(to)
			for r := range rows {
				copy(to[r*panel:], from[r*ld:][:c.dim-d])
			}
			continue
		}
		for r := range rows {
			*(*[panel]float32)(to[r*panel:]) = *(*[panel]float32)(from[r*ld:])
		}
	}
}

func (c *cache) headKeys(head int) []float32 { return c.keys[head*c.padded*c.dim:][:c.padded*c.dim] }
func (c *cache) headValues(head int) []float32 {
	return c.values[head*c.width*c.padded:][:c.width*c.padded]
}

// scores computes q · kᵀ for q [rows, dim] and the keys from first to
// first+count−1, both multiples of a panel. dst is [rows, count].
func (c *cache) scores(dst, q []float32, rows, head, first, count int) {
	keys := c.headKeys(head)
	simd.MatMulPanels(dst, count, q, c.dim, keys[first*c.dim:], panel*c.dim, count/panel, rows, c.dim, false)
}

// mix computes dst (+)= p · v for weights p [rows, ldp], of which the first
// count columns belong to the values from position first on. Rows of dst are
// ldd apart and whole panels long, of which the first dim values count.
func (c *cache) mix(dst []float32, ldd int, p []float32, ldp, rows, head, first, count int, add bool) {
	values := c.headValues(head)
	simd.MatMulPanels(dst, ldd, p, ldp, values[first*panel:], panel*c.padded, c.width/panel, rows, count, add)
}

// blockKeys is how many keys a global layer takes at a time: keys and values
// of a block stay in the first-level caches while a tile's rows pass over
// them. A multiple of a panel.
const blockKeys = 128

// attendAll computes attention over all keys for one head and rows of q
// [rows, dim], with an online softmax over blocks of keys. Rows of dst are as
// in mix.
func (c *cache) attendAll(ctx context.Context, turn *turn, dst []float32, ldd int, q []float32, head, rows, keys int, scale float32) error {
	s := borrow(rows * blockKeys)
	defer giveBack(s)
	perRow := borrow(4 * rows)
	defer giveBack(perRow)
	largest, before, sum, added := perRow[:rows], perRow[rows:2*rows], perRow[2*rows:3*rows], perRow[3*rows:]
	clear(sum)
	for r := range rows {
		largest[r] = float32(math.Inf(-1))
	}

	for first := 0; first < keys; first += blockKeys {
		if err := turn.pause(ctx); err != nil {
			return err
		}
		count := min(blockKeys, keys-first)
		c.scores(s, q, rows, head, first, wholePanels(count))
		copy(before, largest)
		simd.Softmax(s, wholePanels(count), count, scale, largest, added)
		if first > 0 {
			shrink := before
			for r, max := range largest {
				if max > before[r] {
					shrink[r] = simd.Exp(before[r] - max)
				} else {
					shrink[r] = 1
				}
				sum[r] *= shrink[r]
			}
			simd.ScaleRows(dst, ldd, c.dim, shrink)
		}
		for r := range rows {
			sum[r] += added[r]
		}
		c.mix(dst, ldd, s, wholePanels(count), rows, head, first, count, first > 0)
	}
	for r, v := range sum {
		sum[r] = 1 / v
	}
	simd.ScaleRows(dst, ldd, c.dim, sum)
	return nil
}

// windowRows is how many rows of a local layer share a range of keys. A small
// number wastes few scores outside the band, a large one reads keys less
// often. A multiple of a panel.
const windowRows = 16

// attendWindow computes attention over the keys within halfWindow of each
// position of a tile, for one head; q is [rows of t, dim]. Rows of dst are as in
// mix.
func (c *cache) attendWindow(dst []float32, ldd int, q []float32, head int, t tile, keys, halfWindow int, scale float32) {
	s := borrow(windowRows * wholePanels(windowRows+2*halfWindow+panel))
	defer giveBack(s)
	perRow := borrow(2 * windowRows)
	defer giveBack(perRow)
	largest, sum := perRow[:windowRows], perRow[windowRows:]

	for a := t.first; a < t.end; a += windowRows {
		b := min(a+windowRows, t.end)
		low := max(0, a-halfWindow) / panel * panel
		high := min(keys, b+halfWindow)
		out := dst[(a-t.first)*ldd:]
		count := high - low
		ld := wholePanels(max(count, 0))
		if count > 0 {
			c.scores(s, q[(a-t.first)*c.dim:], b-a, head, low, ld)
		}
		clear(sum)
		for r := range largest {
			largest[r] = float32(math.Inf(-1))
		}
		bandSoftmax(s, ld, count, a, b, low, keys, halfWindow, scale, largest, sum)
		if count > 0 {
			c.mix(out, ldd, s, ld, b-a, head, low, count, false)
		}
		for r, v := range sum[:b-a] {
			sum[r] = 1 / v
			if v == 0 {
				c.meanValue(out[r*ldd:][:c.dim], head)
				sum[r] = 1
			}
		}
		simd.ScaleRows(out, ldd, c.dim, sum[:b-a])
	}
}

// bandSoftmax turns the scores of positions a to b−1 with the keys from low on,
// in rows of count that are ld apart, into weights: exponentials within
// halfWindow, 0 elsewhere. sum, of zeros at first, gets what each row's weights
// add up to; largest must be minus infinity.
func bandSoftmax(s []float32, ld, count, a, b, low, keys, halfWindow int, scale float32, largest, sum []float32) {
	for i := a; i < b; i++ {
		from, to := band(i, low, keys, halfWindow)
		if from >= to {
			continue
		}
		row := s[(i-a)*ld:][:count]
		clear(row[:from])
		clear(row[to:])
	}
	// Away from the ends, all bands are equally long, each one key further on.
	from, to := band(a, low, keys, halfWindow)
	if width := 2*halfWindow + 1; to-from == width && b-1+halfWindow < keys {
		simd.Softmax(s[from:], ld+1, width, scale, largest[:b-a], sum)
		return
	}
	for i := a; i < b; i++ {
		if from, to := band(i, low, keys, halfWindow); from < to {
			simd.Softmax(s[(i-a)*ld+from:], ld, to-from, scale, largest[i-a:][:1], sum[i-a:])
		}
	}
}

// band is the range of keys that position i may attend to, counted from low.
func band(i, low, keys, halfWindow int) (from, to int) {
	return max(0, i-halfWindow) - low, min(keys, i+halfWindow+1) - low
}

// meanValue is what a row gets whose keys are all out of reach, as query
// expansion can have it: with every score at minus infinity the original's
// softmax weighs all values of the sequence alike.
func (c *cache) meanValue(dst []float32, head int) {
	values := c.headValues(head)
	for d := range c.dim {
		var sum float64
		column := values[d/panel*panel*c.padded+d%panel:]
		for position := range c.n {
			sum += float64(column[position*panel])
		}
		dst[d] = float32(sum / float64(c.n))
	}
}

func wholePanels(n int) int { return (n + panel - 1) / panel * panel }
