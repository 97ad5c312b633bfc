package edge

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/toller-search/toller/heads"
)

// pooling is how a document's vectors are pooled, unless a call says otherwise.
type pooling struct {
	factor    float64 // 1 vector is left of so many; 1 and below: none is pooled
	protected int     // vectors at the beginning that stay
	normalize bool    // make unit vectors of all that are left
	queries   bool    // queries are pooled too
	documents bool
	own       bool // it is the checkpoint's, and no call's
}

// noPooling leaves documents as they are, and pools as PyLate does where a call
// asks for it.
var noPooling = pooling{factor: 1, protected: 1}

// by is the pooling of a call that asks for one vector in factor. 0 is what the
// model does by itself.
func (p pooling) by(factor int) pooling {
	if factor > 0 {
		p.factor = float64(factor)
		p.documents, p.own = factor > 1, false
	}
	return p
}

// clusters is how many clusters n vectors become: Python's max(int(n // factor), 1).
func (p pooling) clusters(n int) int {
	rest := math.Mod(float64(n), p.factor)
	quotient := (float64(n) - rest) / p.factor
	whole := math.Floor(quotient)
	if quotient-whole > 0.5 {
		whole++
	}
	return max(int(whole), 1)
}

// Clusters returns what pooling to one vector in factor makes of an encoded
// document: the mean of each cluster's vectors, [n, Dim] row-major, and for each
// token the row that it is now part of. [Model.Attach] makes a document of them
// again. Where there is nothing to pool, for a factor below 2 or a document that
// is short, they are the document's own vectors and nil. A document that is pooled
// already stays as it is; its clusters are known if it was pooled because the
// checkpoint says so.
//
// A mean is shorter than a unit vector; to compare it with those of other
// documents by MaxSim, normalise it.
func (d *Document) Clusters(ctx context.Context, factor int) (vectors []float32, clusters []uint32, err error) {
	if d.ends != nil {
		return d.data, d.clusters, nil
	}
	return d.cluster(ctx, noPooling.by(factor))
}

// Pool returns the document pooled to one vector in factor, as [PoolFactor] does
// while encoding.
func (d *Document) Pool(ctx context.Context, factor int) (*Document, error) {
	if d.ends != nil {
		return d, nil
	}
	v, err := d.pool(ctx, noPooling.by(factor))
	if err != nil {
		return nil, err
	}
	return &Document{v}, nil
}

// pool pools vectors, except the protected ones.
func (v vectors) pool(ctx context.Context, p pooling) (vectors, error) {
	data, clusters, err := v.cluster(ctx, p)
	if err != nil {
		return v, err
	}
	if clusters != nil {
		v = v.grouped(data, clusters)
		if p.own {
			v.clusters = clusters
		}
	}
	if p.normalize {
		heads.Normalize(v.data, v.dim)
	}
	return v, nil
}

// cluster returns the pooled vectors and for each token the one that it is now
// part of. Where there is nothing to pool these are v's own and nil.
func (v vectors) cluster(ctx context.Context, p pooling) (data []float32, clusters []uint32, err error) {
	if p.factor <= 1 {
		return v.data, nil, nil
	}
	protected := min(p.protected, len(v.tokens))
	pooled, labels, err := heads.PoolTo(ctx, v.data, v.dim, protected, p.clusters)
	if err != nil || labels == nil {
		return v.data, nil, err
	}
	clusters = make([]uint32, 0, protected+len(labels))
	for i := range protected {
		clusters = append(clusters, uint32(i))
	}
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
