package heads

import "context"

// MaxWindow is the largest number of vectors that are pooled together. A
// document with more is pooled in consecutive windows of nearly equal size,
// which keeps the distances between all pairs below 64 MiB.
const MaxWindow = 4096

// Pool reduces document vectors [n, dim], unit rows, to about one for every
// factor of them: the first protected ones stay, the others are clustered by
// Ward's method on 1 − cos and each cluster becomes the mean of its members,
// not normalised again. The result is the protected vectors, then the clusters
// by label. It is PyLate's pool_embeddings_hierarchical, whose clusters come
// from scipy's linkage and fcluster.
//
// labels[i] is the cluster, counted from 1, of vector protected+i; cluster c is
// row protected+c−1 of the result. Of n unprotected vectors max(n/factor, 1)
// clusters are made, or fewer where several merges at the very height of the
// cut can't be told apart (equal vectors, usually). Where that would not
// reduce anything, with factor ≤ 1 in particular, vectors itself is returned
// with nil labels.
//
// Up to MaxWindow unprotected vectors, labels are those of scipy. Beyond,
// windows are pooled on their own, clusters counted on from one to the next:
// vectors far apart in the text don't share a cluster then.
//
// A window of MaxWindow vectors takes in the order of a second; PoolContext
// can be stopped.
func Pool(vectors []float32, dim, factor, protected int) (pooled []float32, labels []int) {
	// The background context never ends, so there is no error.
	pooled, labels, _ = PoolContext(context.Background(), vectors, dim, factor, protected)
	return pooled, labels
}

// PoolContext is Pool, but stops with the context's error soon after the
// context ends.
func PoolContext(ctx context.Context, vectors []float32, dim, factor, protected int) (pooled []float32, labels []int, err error) {
	if factor <= 1 {
		return vectors, nil, ctx.Err()
	}
	return PoolTo(ctx, vectors, dim, protected, func(n int) int { return n / factor })
}

// PoolTo is PoolContext for any number of clusters: clusters says how many n
// vectors become. One is made at least.
func PoolTo(ctx context.Context, vectors []float32, dim, protected int, clusters func(n int) int) (pooled []float32, labels []int, err error) {
	total := rows(vectors, dim)
	protected = min(max(protected, 0), total)
	n := total - protected
	if n <= 1 || clusters(n) >= n {
		return vectors, nil, ctx.Err()
	}
	rest := vectors[protected*dim:]
	labels = make([]int, n)
	count := 0
	windows := (n + MaxWindow - 1) / MaxWindow
	for w := range windows {
		first, end := w*n/windows, (w+1)*n/windows
		found, err := wardLabels(ctx, labels[first:end], rest[first*dim:end*dim], dim, max(clusters(end-first), 1))
		if err != nil {
			return nil, nil, err
		}
		for i := first; i < end; i++ {
			labels[i] += count
		}
		count += found
	}
	pooled = make([]float32, (protected+count)*dim)
	copy(pooled, vectors[:protected*dim])
	mean(pooled[protected*dim:], rest, dim, labels)
	return pooled, labels, nil
}

// mean writes the mean of the vectors of each label into means, which holds
// zeros.
func mean(means, vectors []float32, dim int, labels []int) {
	counts := make([]int, len(means)/dim)
	for i, label := range labels {
		addTo(means[(label-1)*dim:][:dim], vectors[i*dim:][:dim])
		counts[label-1]++
	}
	for c, count := range counts {
		scaleBy(means[c*dim:][:dim], 1/float32(count))
	}
}
