package codec

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/toller-search/toller/infer/simd"
)

// TrainOptions says how to train a codebook. The zero value is good for most.
type TrainOptions struct {
	Centroids  int    // at most; 0: DefaultCentroids for the sample's length
	Iterations int    // rounds of each k-means; 0: 6, beyond which little is gained
	Seed       uint64 // of the choice of starting points
	Threads    int    // goroutines that compute; 0: 1

	// Progress, if not nil, is told how far the training is, from one
	// goroutine at a time.
	Progress func(done, total int)
}

// What is trained on how much.
const (
	rowsPerCell      = 64
	heldOut          = 17      // one row of so many is not for centroids but for buckets
	bucketComponents = 1 << 18 // of those at most

	defaultIterations = 6
)

// SampleSize is the number of vectors that a training of that many centroids
// makes use of: 17 a centroid, 16 of them for the centroids themselves.
func SampleSize(centroids int) int { return heldOut * centroids }

// Train makes a codebook from a sample of vectors [n, dim], unit rows or means
// of such. Of a sample beyond [SampleSize] it uses that many, evenly spaced.
//
// It finds the cells by k-means on 64 vectors a cell, sorts all vectors into
// them, hands the centroids out where the vectors are farthest from the middle
// of their cell, and finds those by k-means within each cell. It costs about
// 50 kFLOP a vector of the sample. The codebook has fewer centroids than asked
// for where the sample has fewer different vectors.
//
// A component that is not a finite number, or beyond ±65504, is an error, as
// is the context's end.
func Train(ctx context.Context, vectors []float32, dim int, o TrainOptions) (*Codebook, error) {
	if o.Centroids < 0 || o.Centroids > MaxCentroids {
		return nil, fmt.Errorf("codec: Centroids: expected 0 to %d, found %d", MaxCentroids, o.Centroids)
	}
	if o.Iterations < 0 {
		return nil, fmt.Errorf("codec: Iterations: expected 0 or more, found %d", o.Iterations)
	}
	if o.Iterations == 0 {
		o.Iterations = defaultIterations
	}
	o.Threads = max(o.Threads, 1)
	if o.Centroids == 0 {
		o.Centroids = DefaultCentroids(len(vectors) / max(dim, 1))
	}
	all, err := newSample(ctx, vectors, dim, SampleSize(o.Centroids))
	if err != nil {
		return nil, err
	}
	// Residuals of vectors that the centroids were fitted to are smaller than
	// those of others.
	rows, held := all, all
	if len(all.rows) >= heldOut {
		rows.rows, held.rows = nil, nil
		for i, row := range all.rows {
			if i%heldOut == heldOut-1 {
				held.rows = append(held.rows, row)
			} else {
				rows.rows = append(rows.rows, row)
			}
		}
	}
	t := &trainer{ctx: ctx, o: o, rows: rows}
	centroids, cells, err := t.centroids()
	if err != nil {
		return nil, err
	}
	var none [len(bucketKinds)]buckets
	b := newCodebook(dim, centroids, cells, none)
	residuals := b.residuals(held.spaced(max(1, bucketComponents/dim)))
	for i, kind := range bucketKinds {
		b.buckets[i] = trainBuckets(residuals, kind.Bits())
	}
	t.step()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return b, nil
}

// trainer is a training in progress.
type trainer struct {
	ctx  context.Context
	o    TrainOptions
	rows sample

	mu          sync.Mutex
	done, total int
}

func (t *trainer) step() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done++
	if t.o.Progress != nil {
		t.o.Progress(t.done, t.total)
	}
}

// centroids finds the centroids, cell after cell, and where each cell begins.
func (t *trainer) centroids() ([]float32, []int32, error) {
	n, dim := len(t.rows.rows), t.rows.dim
	wanted := min(t.o.Centroids, n)
	// Looking for a centroid costs cells + probes · wanted/cells products; the
	// least is near this many cells.
	cells := 1
	for cells*cells < 2*wanted {
		cells *= 2
	}
	cells = max(1, min(cells, wanted/simd.PanelWidth))
	t.total = t.o.Iterations + 1 + cells + 1
	middles, err := kmeans(t.ctx, t.o.Threads, t.rows.spaced(rowsPerCell*cells), cells, t.o.Iterations, t.random(0), t.step)
	if err != nil {
		return nil, nil, err
	}
	cells = len(middles) / dim
	t.total = t.o.Iterations + 1 + cells + 1 // equal rows may have made it fewer

	ids, products := make([]int32, n), make([]float32, n)
	if err := nearest(t.ctx, t.o.Threads, ids, products, t.rows, middles); err != nil {
		return nil, nil, err
	}
	parts := make([]sample, cells)
	distances := make([]float64, cells)
	for i, id := range ids {
		parts[id].rows = append(parts[id].rows, t.rows.rows[i])
		distances[id] += max(0, 1-float64(products[i]))
	}
	shares := allot(wanted, parts, distances)
	t.step()

	found := make([][]float32, cells)
	group, ctx := errgroup.WithContext(t.ctx)
	group.SetLimit(t.o.Threads)
	for k := range cells {
		group.Go(func() (err error) {
			if shares[k] > 0 {
				part := sample{t.rows.x, dim, parts[k].rows}
				found[k], err = kmeans(ctx, 1, part, shares[k], t.o.Iterations, t.random(1+uint64(k)), func() {})
			}
			t.step()
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	starts := []int32{0}
	var centroids []float32
	for _, rows := range found {
		if len(rows) > 0 {
			centroids = append(centroids, rows...)
			starts = append(starts, int32(len(centroids)/dim))
		}
	}
	return centroids, starts, nil
}

// random is the randomness of part k of the training.
func (t *trainer) random(k uint64) *rand.Rand { return rand.New(rand.NewPCG(t.o.Seed, k)) }

// allot hands up to wanted centroids out to the cells with rows: first some to
// each, then always to the one with the largest sum of distances a centroid. A
// cell gets no more than it has rows, nor than four times the average, which
// bounds the time where nearly all rows are in one. It goes by the width of a
// matrix panel, since a cell of another size leaves part of one unused.
func allot(wanted int, parts []sample, distances []float64) []int {
	const unit = simd.PanelWidth
	shares := make([]int, len(parts))
	left := wanted
	for k, part := range parts {
		shares[k] = min(unit, len(part.rows), left)
		left -= shares[k]
	}
	most := max(unit, 4*wanted/len(parts))
	for left > 0 {
		best := -1
		for k, part := range parts {
			if shares[k] < min(len(part.rows), most) && (best < 0 || distances[k]*float64(shares[best]) > distances[best]*float64(shares[k])) {
				best = k
			}
		}
		if best < 0 {
			break
		}
		more := min(unit, left, min(len(parts[best].rows), most)-shares[best])
		shares[best] += more
		left -= more
	}
	return shares
}

// residuals is the components of what the vectors of s differ from their
// centroids by, each vector's divided by their scale, ascending. Vectors that
// equal their centroid say nothing; where all do, as in a small sample, the
// result is that of a residual with equal components. Only vectors longer than
// unit vectors have components beyond ±maxWeight.
func (b *Codebook) residuals(s sample) []float32 {
	x := make([]float32, len(s.rows)*b.dim)
	s.gather(x, 0, len(s.rows))
	ids := make([]uint16, len(s.rows))
	b.Assign(ids, x)
	kept := x[:0]
	for i, id := range ids {
		row, centroid := x[i*b.dim:][:b.dim], b.centroids[int(id)*b.dim:][:b.dim]
		scale := scales[scaleByte(row, centroid)]
		if scale == 0 {
			continue
		}
		for j, v := range centroid {
			kept = append(kept, max(-maxWeight, min((row[j]-v)/scale, maxWeight)))
		}
	}
	if len(kept) == 0 {
		return []float32{-1, 1}
	}
	slices.Sort(kept)
	return kept
}
