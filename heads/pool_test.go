package heads

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
)

func TestPool(t *testing.T) {
	// Rows 1, 3 and 2, 4 are the close ones.
	vectors := []float32{
		1, 0,
		0.6, 0.8,
		-0.6, 0.8,
		0.8, 0.6,
		-0.8, 0.6,
	}
	for _, test := range []struct {
		name              string
		factor, protected int
		labels            []int
		want              []float32
	}{
		{"factor 2", 2, 1, []int{1, 2, 1, 2}, []float32{1, 0, 0.7, 0.7, -0.7, 0.7}},
		{"factor 4", 4, 1, []int{1, 1, 1, 1}, []float32{1, 0, 0, 0.7}},
		{"factor beyond", 100, 1, []int{1, 1, 1, 1}, []float32{1, 0, 0, 0.7}},
		{"nothing protected", 3, 0, []int{1, 1, 1, 1, 1}, []float32{0.2, 0.56}},
		{"three protected", 2, 3, []int{1, 1}, []float32{1, 0, 0.6, 0.8, -0.6, 0.8, 0, 0.6}},
		{"negative protection", 3, -4, []int{1, 1, 1, 1, 1}, []float32{0.2, 0.56}},
		{"factor 1", 1, 1, nil, vectors},
		{"factor 0", 0, 1, nil, vectors},
		{"negative factor", -2, 1, nil, vectors},
		{"one left", 2, 4, nil, vectors},
		{"all protected", 2, 5, nil, vectors},
		{"more protected than there are", 2, 9, nil, vectors},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := slices.Clone(vectors)
			pooled, labels := Pool(vectors, 2, test.factor, test.protected)
			differ(t, "pooled", pooled, test.want, 1e-6)
			if (labels == nil) != (test.labels == nil) {
				t.Errorf("expected labels %v, found %v", test.labels, labels)
			}
			expectLabels(t, "labels", labels, test.labels)
			if !slices.Equal(vectors, before) {
				t.Error("the input was changed")
			}
		})
	}
	if pooled, labels := Pool(nil, 2, 2, 1); len(pooled) != 0 || labels != nil {
		t.Errorf("expected nothing from nothing, found %v, %v", pooled, labels)
	}
}

// TestPoolTies: equal vectors share a cluster, and where all are equal there is
// only one, whatever number was wanted.
func TestPoolTies(t *testing.T) {
	r := newRand(t, 12)
	unit := textlike(r, 1, 24)
	pooled, labels := Pool(slices.Repeat(unit, 50), 24, 2, 1)
	expectLabels(t, "all equal", labels, slices.Repeat([]int{1}, 49))
	differ(t, "pooled", pooled, slices.Repeat(unit, 2), 1e-6)

	// Axes, whose distance to themselves is exactly 0: twenty clusters are
	// wanted and as many made as there are axes.
	const n, dim = 60, 5
	for range 20 {
		vectors := make([]float32, n*dim)
		var axes []int
		for i := range n {
			axes = append(axes, r.IntN(dim))
			vectors[i*dim+axes[i]] = 1
		}
		_, labels := Pool(vectors, dim, 3, 0)
		if count := slices.Max(labels); count != dim {
			t.Errorf("expected %d clusters, found %d", dim, count)
		}
		for i := range n {
			for j := range n {
				if (axes[i] == axes[j]) != (labels[i] == labels[j]) {
					t.Fatalf("axes %v have labels %v", axes, labels)
				}
			}
		}
	}
}

// TestPoolOddNumbers: what no encoder yields must still come back.
func TestPoolOddNumbers(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, v := range []float32{0, inf, -inf, nan, math.MaxFloat32} {
		vectors := slices.Repeat([]float32{v}, 3*20)
		vectors[7], vectors[31] = 1, -1
		checkPool(t, fmt.Sprint(v), vectors, 3, 4, 1)
	}
}

// checkPool pools and checks the shape of the result: labels 1 to the number
// of clusters, none unused, not more than wanted, and as many pooled rows.
func checkPool(t *testing.T, what string, vectors []float32, dim, factor, protected int) {
	t.Helper()
	pooled, labels := Pool(vectors, dim, factor, protected)
	if labels == nil {
		return
	}
	n := len(vectors)/dim - protected
	if len(labels) != n {
		t.Fatalf("%s: expected %d labels, found %d", what, n, len(labels))
	}
	count := slices.Max(labels)
	if count > max(n/factor, 1) {
		t.Fatalf("%s: expected at most %d clusters, found %d", what, max(n/factor, 1), count)
	}
	if len(pooled) != (protected+count)*dim {
		t.Fatalf("%s: expected %d rows for %d clusters, found %d values of %d", what, protected+count, count, len(pooled), dim)
	}
	for label := 1; label <= count; label++ {
		if !slices.Contains(labels, label) {
			t.Fatalf("%s: no vector has label %d of %d", what, label, count)
		}
	}
}

// TestPoolWindows: beyond MaxWindow vectors the result is that of windows of
// equal size one after the other.
func TestPoolWindows(t *testing.T) {
	const n, dim, factor, protected = MaxWindow + 105, 8, 5, 2
	vectors := textlike(newRand(t, 3), protected+n, dim)
	pooled, labels := Pool(vectors, dim, factor, protected)

	var wantLabels []int
	want := slices.Clone(vectors[:protected*dim])
	rest := vectors[protected*dim:]
	clusters := 0
	for _, window := range [][]float32{rest[:n/2*dim], rest[n/2*dim:]} {
		p, l := Pool(window, dim, factor, 0)
		for _, label := range l {
			wantLabels = append(wantLabels, clusters+label)
		}
		clusters += len(p) / dim
		want = append(want, p...)
	}
	expectLabels(t, "labels", labels, wantLabels)
	if !slices.Equal(pooled, want) {
		t.Error("pooled vectors differ from those of the windows")
	}
	if clusters != n/2/factor+(n-n/2)/factor {
		t.Errorf("found %d clusters of %d vectors by %d", clusters, n, factor)
	}
}

// endsAfter is a context that ends when it has been asked a number of times.
type endsAfter struct {
	context.Context
	asked, limit int
}

func (c *endsAfter) Err() error {
	if c.asked++; c.asked > c.limit {
		return context.Canceled
	}
	return nil
}

// TestPoolContext: pooling asks for the context's end at every row of the
// distances and at every link of the chain, and heeds it.
func TestPoolContext(t *testing.T) {
	const n, dim = 60, 8
	vectors := textlike(newRand(t, 6), n, dim)
	patient := &endsAfter{Context: t.Context(), limit: math.MaxInt}
	if _, _, err := PoolContext(patient, vectors, dim, 2, 0); err != nil {
		t.Fatal(err)
	}
	if patient.asked < 2*n {
		t.Errorf("asked %d times for %d vectors", patient.asked, n)
	}
	for limit := range patient.asked {
		ctx := &endsAfter{Context: t.Context(), limit: limit}
		pooled, labels, err := PoolContext(ctx, vectors, dim, 2, 0)
		if !errors.Is(err, context.Canceled) || pooled != nil || labels != nil {
			t.Fatalf("expected to be stopped at question %d, found %v", limit, err)
		}
		if ctx.asked != limit+1 {
			t.Fatalf("asked on after the context ended: %d times, not %d", ctx.asked, limit+1)
		}
	}
}

// TestPoolTo: any number of clusters can be asked for, and what asks for no fewer
// vectors than there are gets these.
func TestPoolTo(t *testing.T) {
	const n, dim, protected = 60, 8, 2
	vectors := textlike(newRand(t, 7), n, dim)
	for _, count := range []int{0, 1, 7, 39, n - protected - 1} {
		pooled, labels, err := PoolTo(t.Context(), vectors, dim, protected, func(int) int { return count })
		if err != nil {
			t.Fatal(err)
		}
		if got := len(pooled)/dim - protected; got != max(count, 1) || len(labels) != n-protected {
			t.Errorf("%d clusters: found %d of %d vectors", count, got, len(labels))
		}
	}
	for _, count := range []int{n - protected, n} {
		pooled, labels, err := PoolTo(t.Context(), vectors, dim, protected, func(int) int { return count })
		if err != nil || labels != nil || &pooled[0] != &vectors[0] {
			t.Errorf("%d clusters of %d vectors: expected these, found %v, %v", count, n-protected, labels, err)
		}
	}
}

func BenchmarkPool(b *testing.B) {
	r := newRand(b, 1)
	for _, n := range []int{300, 2048, MaxWindow} {
		vectors := textlike(r, n, 64)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Pool(vectors, 64, 3, 0)
			}
		})
	}
}
