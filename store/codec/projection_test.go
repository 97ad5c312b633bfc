package codec

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/toller-search/toller/infer/simd"
)

// TestProjection: vectors that lie in a few hidden directions, and a little in
// all, keep their products and lengths.
func TestProjection(t *testing.T) {
	r := newRand(t)
	const n, from, to = 3000, 32, 6
	axes := gaussian(r, to, from)
	vectors := gaussian(r, n, from)
	for i := range vectors {
		vectors[i] *= 0.001
	}
	for i := range n {
		for a := range to {
			by := float32(r.NormFloat64()) / float32(1+a)
			for j := range from {
				vectors[i*from+j] += by * axes[a*from+j]
			}
		}
	}
	simd.L2Normalize(vectors, from)
	simd.Scale(vectors[:from], 0.5) // as short as a mean
	p, err := TrainProjection(t.Context(), vectors, from, to)
	if err != nil {
		t.Fatal(err)
	}
	if f, to2 := p.Dims(); f != from || to2 != to {
		t.Fatalf("found a projection from %d to %d", f, to2)
	}
	orthonormal(t, p.rows, from)
	before := slices.Clone(vectors)
	projected := p.Apply(vectors)
	if !slices.Equal(vectors, before) {
		t.Error("the input was changed")
	}
	for i := range 200 {
		x, y := projected[i*to:][:to], vectors[i*from:][:from]
		if a, b := length(x), length(y); math.Abs(a-b) > 1e-6 {
			t.Fatalf("vector %d: expected length %v, found %v", i, b, a)
		}
		k := r.IntN(n)
		if a, b := dot(x, projected[k*to:][:to]), dot(y, vectors[k*from:][:from]); math.Abs(a-b) > 1e-3 {
			t.Fatalf("vectors %d and %d: expected product %v, found %v", i, k, b, a)
		}
	}
	// The first component has the largest moment, and so on.
	var last = math.Inf(1)
	for j := range to {
		var moment float64
		for i := range n {
			moment += float64(projected[i*to+j]) * float64(projected[i*to+j])
		}
		if moment > last*1.01 {
			t.Errorf("component %d is longer than the one before", j)
		}
		last = moment
	}
}

func dot(x, y []float32) (sum float64) {
	for i, v := range x {
		sum += float64(v) * float64(y[i])
	}
	return sum
}

func orthonormal(t *testing.T, rows []float32, dim int) {
	t.Helper()
	for i := range len(rows) / dim {
		for j := range i + 1 {
			want := 0.0
			if i == j {
				want = 1
			}
			if got := dot(rows[i*dim:][:dim], rows[j*dim:][:dim]); math.Abs(got-want) > 1e-6 {
				t.Errorf("rows %d and %d: expected product %v, found %v", i, j, want, got)
			}
		}
	}
}

// TestProjectionKeepsAll: to as many dimensions it is a rotation.
func TestProjectionKeepsAll(t *testing.T) {
	r := newRand(t)
	for _, dim := range []int{1, 2, 7, 48} {
		vectors := clustered(r, 500, dim, 20, 0.7)
		p, err := TrainProjection(t.Context(), vectors, dim, dim)
		if err != nil {
			t.Fatal(err)
		}
		orthonormal(t, p.rows, dim)
		projected := p.Apply(vectors)
		for i := range 100 {
			k := r.IntN(500)
			a, b := dot(projected[i*dim:][:dim], projected[k*dim:][:dim]), dot(vectors[i*dim:][:dim], vectors[k*dim:][:dim])
			if math.Abs(a-b) > 1e-5 {
				t.Fatalf("%d dimensions: vectors %d and %d: expected product %v, found %v", dim, i, k, b, a)
			}
		}
	}
}

func TestProjectionOfOddSamples(t *testing.T) {
	for _, test := range []struct {
		name    string
		vectors []float32
	}{
		{"one vector", []float32{0.6, 0.8, 0, 0}},
		{"zeros", make([]float32, 4*10)},
		{"equal", slices.Repeat([]float32{0.5, 0.5, 0.5, 0.5}, 100)},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := TrainProjection(t.Context(), test.vectors, 4, 2)
			if err != nil {
				t.Fatal(err)
			}
			orthonormal(t, p.rows, 4)
			got := p.Apply(test.vectors)
			if want := length(test.vectors[:4]); math.Abs(length(got[:2])-want) > 1e-6 {
				t.Errorf("expected a vector of length %v, found %v", want, got[:2])
			}
		})
	}
}

func TestProjectionRefuses(t *testing.T) {
	ctx := context.Background()
	good := make([]float32, 40)
	_, err := TrainProjection(ctx, good, 4, 5)
	wantError(t, err, "projection: expected 1 to 4 dimensions, found 5")
	_, err = TrainProjection(ctx, good, 4, 0)
	wantError(t, err, "found 0")
	_, err = TrainProjection(ctx, good, 3, 2)
	wantError(t, err, "expected at least one vector of 3 components, found 40")
	good[17] = float32(math.NaN())
	_, err = TrainProjection(ctx, good, 4, 2)
	wantError(t, err, "vector 4: component 1: expected a number of at most 65504, found NaN")
	if _, err := TrainProjection(cancelled(), make([]float32, 40), 4, 2); err != context.Canceled {
		t.Errorf("expected context.Canceled, found %v", err)
	}
}

// TestEigenvectors compares with a matrix made from known ones.
func TestEigenvectors(t *testing.T) {
	r := newRand(t)
	for _, n := range []int{1, 2, 3, 10, 60} {
		x := make([]float64, n*n)
		for i := range x {
			x[i] = r.NormFloat64()
		}
		a := make([]float64, n*n) // xᵀ·x
		for i := range n {
			for j := range n {
				for k := range n {
					a[i*n+j] += x[k*n+i] * x[k*n+j]
				}
			}
		}
		v, err := eigenvectors(t.Context(), slices.Clone(a), n)
		if err != nil {
			t.Fatal(err)
		}
		last := math.Inf(1)
		for i := range n {
			row := v[i*n:][:n]
			product := make([]float64, n)
			var value float64
			for j := range n {
				for k := range n {
					product[j] += a[j*n+k] * row[k]
				}
				value += product[j] * row[j]
			}
			for j := range n {
				if math.Abs(product[j]-value*row[j]) > 1e-8*float64(n*n) {
					t.Fatalf("%d dimensions: vector %d is none: %v times it is not %v", n, i, value, product)
				}
			}
			if value > last+1e-9 {
				t.Errorf("%d dimensions: value %d, %v, is larger than the one before", n, i, value)
			}
			last = value
		}
	}
}
