package heads

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// TestWardDocumentedExample runs the example of scipy's documentation of ward:
// four corners of three points each, full of equal distances.
func TestWardDocumentedExample(t *testing.T) {
	points := [][2]float64{{0, 0}, {0, 1}, {1, 0}, {0, 4}, {0, 3}, {1, 4}, {4, 0}, {3, 0}, {4, 1}, {4, 4}, {3, 4}, {4, 3}}
	n := len(points)
	var d distances
	for i := range points {
		for j := range i {
			d = append(d, math.Hypot(points[i][0]-points[j][0], points[i][1]-points[j][1]))
		}
	}
	want := []merge{
		{0, 1, 1}, {3, 4, 1}, {6, 7, 1}, {9, 10, 1},
		{2, 12, 1.29099445}, {5, 13, 1.29099445}, {8, 14, 1.29099445}, {11, 15, 1.29099445},
		{16, 17, 5.77350269}, {18, 19, 5.77350269}, {20, 21, 8.16496581},
	}
	tree, err := wardTree(t.Context(), d, n)
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range want {
		if m := tree[i]; m.a != w.a || m.b != w.b || math.Abs(m.height-w.height) > 1e-8 {
			t.Errorf("merge %d: expected %+v, found %+v", i, w, m)
		}
	}
	for _, test := range []struct {
		k, count int
		labels   []int
	}{
		{8, 8, []int{1, 1, 2, 3, 3, 4, 5, 5, 6, 7, 7, 8}},
		{4, 4, []int{1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4}},
		// Seven clusters would need three of four equal merges.
		{7, 4, []int{1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4}},
		{1, 1, []int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
	} {
		labels := make([]int, n)
		if count := cut(labels, tree, test.k); count != test.count {
			t.Errorf("k = %d: expected %d clusters, found %d", test.k, test.count, count)
		}
		expectLabels(t, fmt.Sprintf("k = %d", test.k), labels, test.labels)
	}
}

// bruteForce clusters by definition: merge the closest two until one is left,
// then walk the tree from its root, down to the k topmost nodes.
func bruteForce(vectors []float32, dim, k int) []int {
	n := len(vectors) / dim
	nodes := 2*n - 1
	distance := make([][]float64, nodes)
	for i := range distance {
		distance[i] = make([]float64, nodes)
	}
	for i := range n {
		for j := range n {
			dot := 0.0
			for c := range dim {
				dot += float64(vectors[i*dim+c]) * float64(vectors[j*dim+c])
			}
			distance[i][j] = 1 - dot
		}
	}
	size := make([]int, nodes)
	var alive []int
	for i := range n {
		size[i] = 1
		alive = append(alive, i)
	}
	children := make([][2]int, nodes)
	for node := n; node < nodes; node++ {
		a, b := alive[0], alive[1]
		for i, x := range alive {
			for _, y := range alive[i+1:] {
				if distance[x][y] < distance[a][b] {
					a, b = x, y
				}
			}
		}
		children[node] = [2]int{min(a, b), max(a, b)}
		size[node] = size[a] + size[b]
		var rest []int
		for _, z := range alive {
			if z == a || z == b {
				continue
			}
			rest = append(rest, z)
			sa, sb, sz := float64(size[a]), float64(size[b]), float64(size[z])
			d := ((sa+sz)*math.Pow(distance[a][z], 2) + (sb+sz)*math.Pow(distance[b][z], 2) - sz*math.Pow(distance[a][b], 2)) / (sa + sb + sz)
			d = math.Sqrt(max(d, 0))
			distance[node][z], distance[z][node] = d, d
		}
		alive = append(rest, node)
	}

	labels := make([]int, n)
	count := 0
	var walk func(node int, inside bool)
	walk = func(node int, inside bool) {
		if !inside && node < 2*n-k { // the k−1 last merges lie above the cut
			count++
			inside = true
		}
		for _, c := range children[node] {
			if c >= n {
				walk(c, inside)
			}
		}
		for _, c := range children[node] {
			if c < n {
				if !inside {
					count++
				}
				labels[c] = count
			}
		}
	}
	walk(nodes-1, false)
	return labels
}

func TestWardAgainstBruteForce(t *testing.T) {
	r := newRand(t, 1963)
	for _, n := range []int{2, 3, 4, 5, 7, 12, 33, 64, 100} {
		for _, dim := range []int{2, 16, 48} {
			for range 4 {
				vectors := textlike(r, n, dim)
				for _, factor := range []int{2, 3, 4, 7, n} {
					_, labels := Pool(vectors, dim, factor, 0)
					want := bruteForce(vectors, dim, max(n/factor, 1))
					expectLabels(t, fmt.Sprintf("n %d, dim %d, factor %d", n, dim, factor), labels, want)
				}
			}
		}
	}
}

// textlike draws unit vectors around a few topics, as a text's token vectors
// are.
func textlike(r *rand.Rand, n, dim int) []float32 {
	topics := randomVectors(r, 1+n/8, dim)
	x := randomVectors(r, n, dim)
	for i := range n {
		topic := topics[r.IntN(len(topics)/dim)*dim:]
		for c := range dim {
			x[i*dim+c] = 0.5*x[i*dim+c] + topic[c]
		}
	}
	Normalize(x, dim)
	return x
}
