package infer

import (
	"context"
	"math"
	"strconv"

	"github.com/toller-search/toller/infer/simd"
)

// A tile is what one task takes through a layer. Attention over a long
// sequence reads all its keys and values once a tile, so a tile is tall; the
// products with weights go through it strip by strip, because their scratch
// must stay in a second-level cache: BenchmarkEncoderOfPeak/8192 loses a sixth
// where tiles are strips.
//
// Both are multiples of simd.PanelWidth: no two tiles write the same panel of
// keys. A few rows that a last strip would be left with go into the one before: each
// strip reads, and may convert, all weights.
const (
	tileRows  = 384
	stripRows = 96
	fewRows   = stripRows / 3
)

// keptRows is how long a sequence may be whose layers' inputs are kept. Longer ones
// do without a third buffer of their length.
const keptRows = 1024

// pass is the run of one sequence through the encoder.
type pass struct {
	e    *Encoder
	turn *turn
	ids  []int32
	keys int // positions below may be attended to

	states []float32 // h: [n, H] residual stream
	cache  cache     // keys and values of the current layer

	// inputs keeps the norms of a layer's h [n, H] from its keys to its queries. A
	// sequence of more than keptRows has no such buffer, and norms them twice.
	inputs []float32

	after func(stage string, states []float32) // lets tests see h between stages
}

func (e *Encoder) newPass(s Sequence, t *turn) *pass {
	p := &pass{e: e, turn: t, ids: s.IDs, keys: s.Keys}
	if p.keys == 0 {
		p.keys = len(s.IDs)
	}
	p.states = borrow(len(s.IDs) * e.config.HiddenSize)
	p.cache = newCache(len(s.IDs), e.config.Heads, e.config.HeadDim())
	if len(s.IDs) <= keptRows {
		p.inputs = borrow(len(p.states))
	}
	return p
}

func (p *pass) release() {
	giveBack(p.states)
	if p.inputs != nil {
		giveBack(p.inputs)
	}
	p.cache.release()
}

// forward computes the states.
//
// Keys and values of a layer are computed for all positions first; from there
// on a position needs nothing of the others' h, so a tile of positions goes
// through the rest of the layer at once.
func (p *pass) forward(ctx context.Context) error {
	if err := p.tiles(ctx, p.embed); err != nil {
		return err
	}
	p.reached("embeddings")
	for i, l := range p.e.backbone.layers {
		err := p.tiles(ctx, func(t tile) error {
			t.strips(func(t tile) { p.keysValues(l, t) })
			return nil
		})
		if err != nil {
			return err
		}
		err = p.tiles(ctx, func(t tile) error {
			if err := p.attention(ctx, l, t); err != nil {
				return err
			}
			t.strips(func(t tile) { l.feedForward(p.rows(t)) })
			return nil
		})
		if err != nil {
			return err
		}
		p.reached("after_layer_" + strconv.Itoa(i))
	}
	norm := p.e.backbone.finalNorm
	if norm == nil {
		return nil
	}
	err := p.tiles(ctx, func(t tile) error {
		h := p.rows(t)
		simd.LayerNorm(h, h, norm, p.e.config.NormEps)
		return nil
	})
	p.reached("final_norm")
	return err
}

func (p *pass) reached(stage string) {
	if p.after != nil {
		p.after(stage, p.states)
	}
}

// tile is a range of positions.
type tile struct{ first, end int }

func (t tile) rows() int { return t.end - t.first }

// strips calls do for the tile's parts of about stripRows.
func (t tile) strips(do func(tile)) {
	for first, end := t.first, 0; first < t.end; first = end {
		end = first + stripRows
		if end+fewRows >= t.end {
			end = t.end
		}
		do(tile{first, end})
	}
}

// tiles runs do over all positions of the sequence, tile by tile.
func (p *pass) tiles(ctx context.Context, do func(tile) error) error {
	n := len(p.ids)
	rows := balanced(n, p.e.workers.threads)
	return p.turn.each(ctx, (n+rows-1)/rows, func(i int) error {
		return do(tile{i * rows, min((i+1)*rows, n)})
	})
}

// balanced is how tall the tiles of n positions are: as many for each thread,
// so that none waits for the others, but with enough rows each to be worth
// waking a thread for: 48 rows in tiles of 32 take longer on two threads than on
// one.
func balanced(n, threads int) int {
	const fewest = 4 * panel
	count := (n + tileRows - 1) / tileRows
	count = (count + threads - 1) / threads * threads
	return max(fewest, wholePanels((n+count-1)/count))
}

// rows is the tile's part of h.
func (p *pass) rows(t tile) []float32 {
	width := p.e.config.HiddenSize
	return p.states[t.first*width : t.end*width]
}

func (p *pass) embed(t tile) error {
	p.e.backbone.embed(p.rows(t), p.ids[t.first:t.end], t.first)
	return nil
}

// keysValues computes keys and values of a strip into the cache.
func (p *pass) keysValues(l layer, t tile) {
	width := p.e.config.HiddenSize
	keys, values := borrow(t.rows()*width), borrow(t.rows()*width)
	defer giveBack(keys)
	defer giveBack(values)
	buffer := p.inputBuffer(t)
	defer p.giveBackInput(buffer)
	l.keysValues(keys, values, p.input(buffer, l, t, false), t.first)
	p.cache.put(t.first, t.rows(), keys, values)
}

// input returns what a strip's keys, values and queries are computed of: LN(h), in
// the strip's buffer, or h itself. A buffer that is filled has it already.
func (p *pass) input(buffer []float32, l layer, t tile, filled bool) []float32 {
	norm := l.attentionNorm()
	if norm == nil {
		return p.rows(t)
	}
	if !filled {
		simd.LayerNorm(buffer, p.rows(t), norm, p.e.config.NormEps)
	}
	return buffer
}

// inputBuffer is a strip's part of the inputs that are kept, or a buffer on loan.
func (p *pass) inputBuffer(t tile) []float32 {
	width := p.e.config.HiddenSize
	if p.inputs == nil {
		return borrow(t.rows() * width)
	}
	return p.inputs[t.first*width : t.end*width]
}

// giveBackInput ends the use of an inputBuffer.
func (p *pass) giveBackInput(buffer []float32) {
	if p.inputs == nil {
		giveBack(buffer)
	}
}

// attention takes a tile of h through the layer's attention.
func (p *pass) attention(ctx context.Context, l layer, t tile) error {
	width, heads, dim := p.e.config.HiddenSize, p.e.config.Heads, p.e.config.HeadDim()
	wide := heads * wholePanels(dim) // of mixed
	q := borrow(t.rows() * width)    // [heads, rows, dim]
	mixed := borrow(t.rows() * wide) // [rows, heads, dim]
	defer giveBack(q)
	defer giveBack(mixed)
	t.strips(func(strip tile) { p.queries(q, l, t, strip) })

	scale := float32(1 / math.Sqrt(float64(dim)))
	for head := range heads {
		dst, q := mixed[head*wholePanels(dim):], q[head*t.rows()*dim:][:t.rows()*dim]
		if reach := l.reach(); reach != everywhere {
			p.cache.attendWindow(dst, wide, q, head, t, p.keys, reach, scale)
			continue
		}
		if err := p.cache.attendAll(ctx, p.turn, dst, wide, q, head, t.rows(), p.keys, scale); err != nil {
			return err
		}
	}
	if wide != width {
		closeUp(mixed, dim)
	}
	t.strips(func(strip tile) {
		l.output(p.rows(strip), mixed[(strip.first-t.first)*width:][:strip.rows()*width])
	})
	return nil
}

// closeUp moves the dim values of each head in x, which lie whole panels apart,
// next to each other.
func closeUp(x []float32, dim int) {
	to := 0
	for from := 0; from < len(x); from += wholePanels(dim) {
		copy(x[to:][:dim], x[from:])
		to += dim
	}
}

// queries computes a strip of a tile's queries, head by head: rows of one head
// that are next to each other don't compete for the same sets of a cache.
func (p *pass) queries(q []float32, l layer, t, strip tile) {
	width, dim := p.e.config.HiddenSize, p.e.config.HeadDim()
	projected := borrow(strip.rows() * width)
	defer giveBack(projected)
	buffer := p.inputBuffer(strip)
	defer p.giveBackInput(buffer)
	l.queries(projected, p.input(buffer, l, strip, p.inputs != nil), strip.first)
	for r := range strip.rows() {
		row := projected[r*width:][:width]
		for head := range p.e.config.Heads {
			copy(q[(head*t.rows()+strip.first-t.first+r)*dim:][:dim], row[head*dim:])
		}
	}
}
