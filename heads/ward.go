package heads

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// Ward clustering with the results of scipy.cluster.hierarchy: linkage(method
// "ward") on a condensed distance matrix, then fcluster(criterion "maxclust").
// All arithmetic is in float64 and in one order on every machine, so that
// labels are too.

// merge is an inner node of the cluster tree: two nodes and their distance.
// Of n vectors, nodes 0 to n−1 are the vectors and n+i is merge i.
type merge struct {
	a, b   int // a < b
	height float64
}

// wardLabels clusters vectors [n, dim], n = len(labels) > k, into at most k
// groups, writes the group of each, counted from 1, and returns how many there
// are.
func wardLabels(ctx context.Context, labels []int, vectors []float32, dim, k int) (count int, err error) {
	distances, err := cosineDistances(ctx, vectors, dim)
	if err != nil {
		return 0, err
	}
	tree, err := wardTree(ctx, distances, len(labels))
	if err != nil {
		return 0, err
	}
	return cut(labels, tree, k), nil
}

// distances holds the distance of every pair once: that of i and j, j < i, is
// at i(i−1)/2 + j.
type distances []float64

// to copies the distances of cluster x to all others into row; row[x] is left
// alone.
func (d distances) to(x int, row []float64) {
	start := x * (x - 1) / 2
	copy(row[:x], d[start:])
	at := start + x + x // pair (x+1, x)
	for i := x + 1; i < len(row); i++ {
		row[i] = d[at]
		at += i
	}
}

// set is to's reverse.
func (d distances) set(x int, row []float64) {
	start := x * (x - 1) / 2
	copy(d[start:], row[:x])
	at := start + x + x
	for i := x + 1; i < len(row); i++ {
		d[at] = row[i]
		at += i
	}
}

// cosineDistances is 1 − x·y for every pair. A distance that is no number, or
// infinite, counts as that of opposite vectors.
func cosineDistances(ctx context.Context, vectors []float32, dim int) (distances, error) {
	wide := float64s(vectors)
	n := len(vectors) / dim
	all := make(distances, 0, n*(n-1)/2)
	for i := range n {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		x := wide[i*dim:][:dim]
		for j := range i {
			d := 1 - dot(x, wide[j*dim:][:dim])
			if math.IsNaN(d) || math.IsInf(d, 0) {
				d = 2
			}
			all = append(all, d)
		}
	}
	return all, nil
}

// dot needs no care about fused multiplication: products of float32 values are
// exact in float64.
func dot(x, y []float64) float64 {
	var s0, s1, s2, s3 float64
	y = y[:len(x)]
	i := 0
	for ; i+4 <= len(x); i += 4 {
		s0 += x[i] * y[i]
		s1 += x[i+1] * y[i+1]
		s2 += x[i+2] * y[i+2]
		s3 += x[i+3] * y[i+3]
	}
	for ; i < len(x); i++ {
		s0 += x[i] * y[i]
	}
	return (s0 + s1) + (s2 + s3)
}

// wardTree builds the tree of all n−1 merges, by height, with the
// nearest-neighbour chain algorithm (Murtagh 1983) in O(n²). It needs n ≥ 2
// and uses up the distances.
//
// A chain of clusters, each the nearest neighbour of the one before, must end
// in two that are each other's nearest: those are merged. Which neighbour is
// taken at equal distance, and which of the two places a merged cluster keeps,
// decides labels where distances tie, so both follow scipy: the chain's
// previous cluster first, then the lowest place; the higher place is kept.
func wardTree(ctx context.Context, d distances, n int) ([]merge, error) {
	size := make([]int, n) // of the cluster at a place; 0: merged into another
	for i := range size {
		size[i] = 1
	}
	tree := make([]merge, 0, n-1)
	var chain []int
	inChain := make([]bool, n)
	toX, toY := make([]float64, n), make([]float64, n)
	for len(tree) < n-1 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(chain) == 0 {
			first := slices.IndexFunc(size, func(s int) bool { return s > 0 })
			chain, inChain[first] = append(chain, first), true
		}
		x := chain[len(chain)-1]
		d.to(x, toX)
		y, nearest := -1, math.Inf(1)
		if len(chain) > 1 {
			y = chain[len(chain)-2]
			nearest = toX[y]
		}
		for i, distance := range toX {
			// In exact arithmetic no cluster of the chain but the previous one
			// can be nearer; rounding must not tie the chain into a loop.
			if distance < nearest && size[i] > 0 && !inChain[i] {
				y, nearest = i, distance
			}
		}
		if !inChain[y] {
			chain, inChain[y] = append(chain, y), true
			continue
		}

		chain = chain[:len(chain)-2]
		inChain[x], inChain[y] = false, false
		x, y = min(x, y), max(x, y)
		tree = append(tree, merge{x, y, nearest})
		nx, ny := size[x], size[y]
		size[x], size[y] = 0, nx+ny
		d.to(x, toX)
		d.to(y, toY)
		for i, ni := range size {
			if ni > 0 && i != y {
				toY[i] = wardDistance(toX[i], toY[i], nearest, nx, ny, ni)
			}
		}
		d.set(y, toY)
	}
	slices.SortStableFunc(tree, func(a, b merge) int { return cmp.Compare(a.height, b.height) })
	numberNodes(tree, n)
	return tree, nil
}

// wardDistance is the distance of cluster i to the union of x and y (Lance and
// Williams' formula for Ward's criterion). The conversions keep compilers from
// fusing products into sums, which would make labels depend on the machine.
func wardDistance(xi, yi, xy float64, nx, ny, ni int) float64 {
	t := 1 / float64(nx+ny+ni)
	squared := float64(float64(ni+nx)*t*xi*xi) + float64(float64(ni+ny)*t*yi*yi) - float64(float64(ni)*t*xy*xy)
	return math.Sqrt(max(squared, 0))
}

// numberNodes replaces the places in sorted merges by the nodes of the tree.
func numberNodes(tree []merge, n int) {
	parent := make([]int, 2*n-1)
	for i := range parent {
		parent[i] = i
	}
	root := func(x int) int {
		for parent[x] != x {
			parent[x] = parent[parent[x]]
			x = parent[x]
		}
		return x
	}
	for i, m := range tree {
		a, b := root(m.a), root(m.b)
		tree[i].a, tree[i].b = min(a, b), max(a, b)
		parent[a], parent[b] = n+i, n+i
	}
}

// cut splits the tree of n > k vectors into at most k clusters, writes the cluster of each
// vector and returns their number. Merges of equal height are all made or all
// not. Clusters are numbered depth-first: below each node first its inner
// children, lower node first, then those that are single vectors.
func cut(labels []int, tree []merge, k int) int {
	n := len(labels)
	// n−k merges leave k clusters.
	height := tree[n-k-1].height
	count := 0
	var visit func(node int, inside bool)
	visit = func(node int, inside bool) {
		m := tree[node-n]
		if !inside && m.height <= height {
			count++
			inside = true
		}
		for _, child := range [2]int{m.a, m.b} {
			if child >= n {
				visit(child, inside)
			}
		}
		for _, child := range [2]int{m.a, m.b} {
			if child < n {
				if !inside {
					count++
				}
				labels[child] = count
			}
		}
	}
	visit(2*n-2, false)
	return count
}
