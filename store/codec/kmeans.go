package codec

import (
	"context"
	"math/rand/v2"

	"golang.org/x/sync/errgroup"

	"github.com/toller-search/toller/infer/simd"
)

// kmeans finds up to k unit vectors near to the rows of s by Lloyd's method
// with dot products (spherical k-means), starting from k of the rows. A
// cluster that loses all its rows starts again from a random row; one that has
// none in the end is left out, so that there are fewer than k where rows are
// equal. after is called after each round.
func kmeans(ctx context.Context, threads int, s sample, k, rounds int, random *rand.Rand, after func()) ([]float32, error) {
	centers := make([]float32, k*s.dim)
	for c, i := range distinct(random, len(s.rows), k) {
		copy(centers[c*s.dim:][:s.dim], s.row(i))
	}
	ids := make([]int32, len(s.rows))
	counts := make([]int, k)
	for range rounds {
		if err := nearest(ctx, threads, ids, nil, s, centers); err != nil {
			return nil, err
		}
		clear(centers)
		clear(counts)
		for i, id := range ids {
			counts[id]++
			center := centers[int(id)*s.dim:][:s.dim]
			for j, v := range s.row(i) {
				center[j] += v
			}
			if i%sampleRows == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
		}
		for c, count := range counts {
			if count == 0 {
				copy(centers[c*s.dim:][:s.dim], s.row(random.IntN(len(s.rows))))
			}
		}
		simd.L2Normalize(centers, s.dim)
		after()
	}
	kept := centers[:0]
	for c, count := range counts {
		if count > 0 {
			kept = append(kept, centers[c*s.dim:][:s.dim]...)
		}
	}
	return kept, nil
}

// distinct draws k different numbers below n.
func distinct(random *rand.Rand, n, k int) []int {
	// The first k steps of a shuffle, of which only what has moved is kept.
	moved := make(map[int]int, k)
	at := func(i int) int {
		if v, ok := moved[i]; ok {
			return v
		}
		return i
	}
	drawn := make([]int, k)
	for i := range drawn {
		j := i + random.IntN(n-i)
		drawn[i] = at(j)
		moved[j] = at(i)
	}
	return drawn
}

// nearest finds for each row of s the center [k, dim] with the largest dot
// product, the first of equals, and, unless products is nil, that product.
func nearest(ctx context.Context, threads int, ids []int32, products []float32, s sample, centers []float32) error {
	n := len(s.rows)
	matrix := simd.PackFloat32(len(centers)/s.dim, s.dim, centers)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(threads)
	for first := 0; first < n; first += sampleRows {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			nearestRows(ids, products, s, first, min(first+sampleRows, n), matrix)
			return nil
		})
	}
	return group.Wait()
}

// nearestRows is nearest for the rows first to end−1; centers is packed.
func nearestRows(ids []int32, products []float32, s sample, first, end int, centers *simd.Matrix) {
	a := assigners.Get().(*assigner)
	defer assigners.Put(a)
	a.gathered = grow(a.gathered, (end-first)*s.dim)
	s.gather(a.gathered, first, end)
	k := centers.Rows()
	a.products = grow(a.products, (end-first)*k)
	simd.MatMul(a.products, a.gathered, end-first, centers)
	for i := first; i < end; i++ {
		at, product := largest(a.products[(i-first)*k:][:k])
		ids[i] = int32(at)
		if products != nil {
			products[i] = product
		}
	}
}
