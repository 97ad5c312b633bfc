package edge

import (
	"cmp"
	"context"
	"slices"

	"github.com/toller-search/toller/heads"
)

// Clusters returns what pooling to one vector in factor makes of an encoded
// document: the mean of each cluster's vectors, [n, Dim] row-major, and for each
// token the row that it is now part of. [Model.Attach] makes a document of them
// again. Where there is nothing to pool, for a factor below 2 or a document that
// is short or pooled already, they are the document's own vectors and nil.
//
// A mean is shorter than a unit vector; to compare it with those of other
// documents by MaxSim, normalise it.
func (d *Document) Clusters(ctx context.Context, factor int) (vectors []float32, clusters []uint32, err error) {
	if d.ends != nil {
		return d.data, nil, nil
	}
	return d.cluster(ctx, factor)
}

// Pool returns the document pooled to one vector in factor, as [PoolFactor] does
// while encoding.
func (d *Document) Pool(ctx context.Context, factor int) (*Document, error) {
	if d.ends != nil {
		return d, nil
	}
	v, err := d.pool(ctx, factor)
	if err != nil {
		return nil, err
	}
	return &Document{v}, nil
}

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
