package edge

import (
	"context"
	"slices"

	"github.com/toller-search/toller/heads"
)

// pool pools vectors, except the first, to one in factor.
func (v vectors) pool(ctx context.Context, factor int) (vectors, error) {
	const protected = 1
	if factor < 2 {
		return v, nil
	}
	pooled, labels, err := heads.PoolContext(ctx, v.data, v.dim, factor, protected)
	if err != nil {
		return vectors{}, err
	}
	if labels == nil {
		return v, nil
	}
	// Sort the tokens by the vector that they are now part of, stably: first
	// the protected ones, then the clusters by label.
	order := make([]int, len(v.tokens))
	vector := func(token int) int {
		if token < protected {
			return token
		}
		return labels[token-protected] - 1 + protected
	}
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return vector(a) - vector(b) })
	sorted := make([]tokenRef, len(order))
	ends := make([]int32, len(pooled)/v.dim)
	for i, token := range order {
		sorted[i] = v.tokens[token]
		ends[vector(token)] = int32(i + 1)
	}
	v.data, v.tokens, v.ends = pooled, sorted, ends
	return v, nil
}
