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
// keys.
const (
	tileRows  = 384
	stripRows = 96
)

// pass is the run of one sequence through the encoder.
type pass struct {
	e    *Encoder
	turn *turn
	ids  []int32
	keys int // positions below may be attended to

	states []float32 // h: [n, H] residual stream
	cache  cache     // keys and values of the current layer

	after func(stage string, states []float32) // lets tests see h between stages
}

func (e *Encoder) newPass(s Sequence, t *turn) *pass {
	p := &pass{e: e, turn: t, ids: s.IDs, keys: s.Keys}
	if p.keys == 0 {
		p.keys = len(s.IDs)
	}
	p.states = borrow(len(s.IDs) * e.config.HiddenSize)
	p.cache = newCache(len(s.IDs), e.config.Heads, e.config.HeadDim())
	return p
}

func (p *pass) release() {
	giveBack(p.states)
	p.cache.release()
}

// forward computes the states. In terms of the model, with h the residual
// stream and LN a LayerNorm without bias:
//
//	h = LN(E[ids])
//	for each layer:
//	    a      = LN(h)                 (the first layer: a = h)
//	    q,k,v  = a·Wqᵀ, a·Wkᵀ, a·Wvᵀ   q and k rotated by their position
//	    h     += attention(q, k, v)·Woᵀ
//	    u,g    = halves of LN(h)·Wiᵀ
//	    h     += (gelu(u) ⊙ g)·Wmlpᵀ
//	h = LN(h)
//
// Keys and values of a layer are computed for all positions first; from there
// on a position needs nothing of the others' h, so a tile of positions goes
// through the rest of the layer at once.
func (p *pass) forward(ctx context.Context) error {
	if err := p.tiles(ctx, p.embed); err != nil {
		return err
	}
	p.reached("embeddings")
	for i := range p.e.layers {
		l := &p.e.layers[i]
		rotary := l.rotary.table(len(p.ids))
		err := p.tiles(ctx, func(t tile) error {
			t.strips(func(t tile) { p.keysValues(l, rotary, t) })
			return nil
		})
		if err != nil {
			return err
		}
		err = p.tiles(ctx, func(t tile) error {
			if err := p.attention(ctx, l, rotary, t); err != nil {
				return err
			}
			t.strips(func(t tile) { p.mlp(l, t) })
			return nil
		})
		if err != nil {
			return err
		}
		p.reached("after_layer_" + strconv.Itoa(i))
	}
	err := p.tiles(ctx, func(t tile) error {
		h := p.rows(t)
		simd.LayerNorm(h, h, p.e.finalNorm, p.e.config.NormEps)
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

// strips calls do for the tile's parts of stripRows.
func (t tile) strips(do func(tile)) {
	for first := t.first; first < t.end; first += stripRows {
		do(tile{first, min(first+stripRows, t.end)})
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
	width := p.e.config.HiddenSize
	table, dtype := p.e.embeddings, kernelType(p.e.embeddings.DType)
	h := p.rows(t)
	for r, id := range p.ids[t.first:t.end] {
		stored := table.Data[int(id)*width*dtype.Size():][:width*dtype.Size()]
		simd.Widen(h[r*width:][:width], dtype, stored)
	}
	simd.LayerNorm(h, h, p.e.embeddingNorm, p.e.config.NormEps)
	return nil
}

// normed writes LN(h) of a strip to dst, or h itself where norm is nil.
func (p *pass) normed(dst []float32, t tile, norm []float32) {
	if norm == nil {
		copy(dst, p.rows(t))
		return
	}
	simd.LayerNorm(dst, p.rows(t), norm, p.e.config.NormEps)
}

// keysValues computes keys and values of a strip into the cache.
func (p *pass) keysValues(l *layer, rotary []rotaryBlock, t tile) {
	width, half := p.e.config.HiddenSize, p.e.config.HeadDim()/2
	a := borrow(t.rows() * width)
	kv := borrow(t.rows() * 2 * width)
	defer giveBack(a)
	defer giveBack(kv)

	p.normed(a, t, l.attnNorm)
	simd.MatMul(kv, a, t.rows(), l.wkv)
	for r := range t.rows() {
		cos, sin := at(rotary, t.first+r, half)
		row := kv[r*2*width:][:2*width]
		simd.Rotate(row[:width], cos, sin)
		p.cache.put(t.first+r, row[:width], row[width:])
	}
}

// attention adds the attention's output to a tile of h.
func (p *pass) attention(ctx context.Context, l *layer, rotary []rotaryBlock, t tile) error {
	width, dim := p.e.config.HiddenSize, p.e.config.HeadDim()
	q := borrow(t.rows() * width)     // [heads, rows, dim]
	mixed := borrow(t.rows() * width) // [rows, heads·dim]
	defer giveBack(q)
	defer giveBack(mixed)
	t.strips(func(strip tile) { p.queries(q, l, rotary, t, strip) })

	scale := float32(1 / math.Sqrt(float64(dim)))
	for head := range p.e.config.Heads {
		dst, q := mixed[head*dim:], q[head*t.rows()*dim:][:t.rows()*dim]
		if l.Global {
			if err := p.cache.attendAll(ctx, p.turn, dst, width, q, head, t.rows(), p.keys, scale); err != nil {
				return err
			}
		} else {
			p.cache.attendWindow(dst, width, q, head, t, p.keys, p.e.config.HalfWindow, scale)
		}
	}
	t.strips(func(strip tile) {
		simd.MatMulAdd(p.rows(strip), mixed[(strip.first-t.first)*width:], strip.rows(), l.wo)
	})
	return nil
}

// queries computes a strip of a tile's queries, head by head: rows of one head
// that are next to each other don't compete for the same sets of a cache.
func (p *pass) queries(q []float32, l *layer, rotary []rotaryBlock, t, strip tile) {
	width, dim := p.e.config.HiddenSize, p.e.config.HeadDim()
	a := borrow(strip.rows() * width)
	projected := borrow(strip.rows() * width)
	defer giveBack(a)
	defer giveBack(projected)

	p.normed(a, strip, l.attnNorm)
	simd.MatMul(projected, a, strip.rows(), l.wq)
	for r := range strip.rows() {
		cos, sin := at(rotary, strip.first+r, dim/2)
		row := projected[r*width:][:width]
		simd.Rotate(row, cos, sin)
		for head := range p.e.config.Heads {
			copy(q[(head*t.rows()+strip.first-t.first+r)*dim:][:dim], row[head*dim:])
		}
	}
}

// mlp adds the feed-forward block's output to a strip of h.
func (p *pass) mlp(l *layer, t tile) {
	width, inner := p.e.config.HiddenSize, p.e.config.IntermediateSize
	a := borrow(t.rows() * width)
	ug := borrow(t.rows() * 2 * inner)
	gated := borrow(t.rows() * inner)
	defer giveBack(a)
	defer giveBack(ug)
	defer giveBack(gated)

	simd.LayerNorm(a, p.rows(t), l.mlpNorm, p.e.config.NormEps)
	simd.MatMul(ug, a, t.rows(), l.wi)
	simd.GeGLU(gated, ug, t.rows(), inner)
	simd.MatMulAdd(p.rows(t), gated, t.rows(), l.wmlp)
}
