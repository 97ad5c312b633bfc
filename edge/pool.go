package edge

import (
	"cmp"
	"context"
	"slices"

	"github.com/toller-search/toller/heads"
)

// pool pools vectors, except the first, to one in factor.
func (v vectors) pool(ctx context.Context, factor int) (vectors, error) {
	data, clusters, err := v.cluster(ctx, factor)
	if err != nil || clusters == nil {
		return v, err
	}
	return v.grouped(data, clusters), nil
}

// cluster returns the pooled vectors and for each token the one that it is now
// part of. Where there is nothing to pool these are v's own and nil.
func (v vectors) cluster(ctx context.Context, factor int) (data []float32, clusters []uint32, err error) {
	const protected = 1
	if factor < 2 {
		return v.data, nil, nil
	}
	pooled, labels, err := heads.PoolContext(ctx, v.data, v.dim, factor, protected)
	if err != nil || labels == nil {
		return v.data, nil, err
	}
	clusters = make([]uint32, protected, protected+len(labels))
	for _, label := range labels {
		clusters = append(clusters, uint32(label-1+protected))
	}
	return pooled, clusters, nil
}

// grouped returns v, which is not pooled, with pooled vectors. clusters has for
// each token its vector; each vector has one or more.
func (v vectors) grouped(data []float32, clusters []uint32) vectors {
	// Sort the tokens by the vector that they are now part of, stably.
	order := make([]int, len(v.tokens))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(clusters[a], clusters[b]) })
	sorted := make([]tokenRef, len(order))
	ends := make([]int32, len(data)/v.dim)
	for i, token := range order {
		sorted[i] = v.tokens[token]
		ends[clusters[token]] = int32(i + 1)
	}
	v.data, v.tokens, v.ends = data, sorted, ends
	return v
}
