package codec

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/toller-search/toller/infer/simd"
)

// TestTrainIsDeterministic: the same bytes whatever the number of threads, and
// others for another seed.
func TestTrainIsDeterministic(t *testing.T) {
	vectors := clustered(newRand(t), 6000, 16, 200, 0.3)
	form := func(seed uint64, threads int) []byte {
		b, err := Train(context.Background(), vectors, 16, TrainOptions{Centroids: 256, Seed: seed, Threads: threads})
		if err != nil {
			t.Fatal(err)
		}
		data, err := b.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	want := form(7, 1)
	for _, threads := range []int{0, 2, 3, 16} {
		if !bytes.Equal(form(7, threads), want) {
			t.Errorf("another codebook from %d threads", threads)
		}
	}
	if bytes.Equal(form(8, 1), want) {
		t.Error("the same codebook from another seed")
	}
}

// TestTrainFindsClusters: most of well separated clusters get centroids of their
// own. K-means from random rows can't find all.
func TestTrainFindsClusters(t *testing.T) {
	r := newRand(t)
	const clusters, dim = 50, 32
	vectors := clustered(r, 8000, dim, clusters, 0.05)
	b := train(t, vectors, dim, 128)
	if b.Len() > 128 || b.Len() < clusters || b.Dim() != dim || len(b.Centroids()) != b.Len()*dim {
		t.Fatalf("found %d centroids of %d dimensions, %d numbers", b.Len(), b.Dim(), len(b.Centroids()))
	}
	ids := make([]uint16, len(vectors)/dim)
	b.Assign(ids, vectors)
	near := 0
	for i, id := range ids {
		if dot(vectors[i*dim:][:dim], b.Centroids()[int(id)*dim:]) > 0.97 {
			near++
		}
	}
	if near < len(ids)*8/10 {
		t.Errorf("%d of %d vectors are near to their centroid", near, len(ids))
	}
}

// TestTrainOddSamples: few, equal and zero vectors make a codebook that codes
// them.
func TestTrainOddSamples(t *testing.T) {
	r := newRand(t)
	few := clustered(r, 5, 8, 5, 0.5)
	for _, test := range []struct {
		name       string
		vectors    []float32
		centroids  int
		min, max   int
		reproduced bool
	}{
		{"one vector", few[:8], 64, 1, 1, true},
		{"fewer vectors than centroids", few, 64, 5, 5, true},
		{"one centroid", few, 1, 1, 1, false},
		{"two centroids", few, 2, 1, 2, false},
		{"all equal", slices.Repeat(few[:8], 3000), 64, 1, 1, true},
		{"five different ones", slices.Repeat(few, 1000), 64, 5, 5, true},
		{"zeros", make([]float32, 8*1000), 16, 1, 1, true},
		{"zeros among others", append(make([]float32, 8*500), clustered(r, 500, 8, 10, 0.2)...), 32, 10, 32, false},
		{"default options", clustered(r, 1000, 8, 10, 0.2), 0, 16, DefaultCentroids(1000), false},
		{"nearly all in one cell", append(slices.Repeat(few[:8], 20000), clustered(r, 200, 8, 200, 0.2)...), 256, 20, 256, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := train(t, test.vectors, 8, test.centroids)
			if b.Len() < test.min || b.Len() > test.max {
				t.Errorf("expected %d to %d centroids, found %d", test.min, test.max, b.Len())
			}
			for _, kind := range []Kind{Residual4, Residual2, Residual1} {
				c := newCodec(t, kind, 8, b)
				decoded := decode(t, c, encode(t, c, test.vectors))
				for i, v := range decoded {
					limit := 2.0 // no farther than components of unit vectors can be
					if test.reproduced {
						limit = 1e-5
					}
					if !(math.Abs(float64(v-test.vectors[i])) <= limit) {
						t.Fatalf("%v: component %d: expected %v, found %v", kind, i, test.vectors[i], v)
					}
				}
			}
		})
	}
}

func TestTrainRefuses(t *testing.T) {
	good := clustered(newRand(t), 100, 8, 5, 0.5)
	with := func(at int, v float64) []float32 {
		x := slices.Clone(good)
		x[at] = float32(v)
		return x
	}
	for _, test := range []struct {
		name    string
		vectors []float32
		dim     int
		o       TrainOptions
		want    string
	}{
		{"NaN", with(8*99+3, math.NaN()), 8, TrainOptions{}, "sample: vector 99: component 3: expected a number of at most 65504, found NaN"},
		{"infinite", with(0, math.Inf(1)), 8, TrainOptions{}, "vector 0: component 0"},
		{"no vectors", nil, 8, TrainOptions{}, "expected at least one vector of 8 components, found 0"},
		{"part of a vector", good[:15], 8, TrainOptions{}, "found 15 components"},
		{"no dimensions", good, 0, TrainOptions{}, "dimensions: expected 1 to 65536, found 0"},
		{"too many centroids", good, 8, TrainOptions{Centroids: 65537}, "Centroids: expected 0 to 65536, found 65537"},
		{"negative rounds", good, 8, TrainOptions{Iterations: -1}, "Iterations: expected 0 or more, found -1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Train(context.Background(), test.vectors, test.dim, test.o)
			wantError(t, err, test.want)
		})
	}
}

// TestTrainUsesBoundedSample: vectors that are not used aren't looked at.
func TestTrainUsesBoundedSample(t *testing.T) {
	const centroids = 4
	n := SampleSize(centroids)
	vectors := clustered(newRand(t), 2*n, 8, 10, 0.5)
	form := func(x []float32) []byte {
		data, err := train(t, x, 8, centroids).MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	var used []float32
	for i := range n {
		used = append(used, vectors[2*i*8:][:8]...)
		vectors[(2*i+1)*8] = float32(math.NaN())
	}
	if !bytes.Equal(form(vectors), form(used)) {
		t.Error("expected every other vector to be used and no more")
	}
}

func TestTrainReportsProgress(t *testing.T) {
	vectors := clustered(newRand(t), 3000, 8, 100, 0.5)
	var last, final int
	_, err := Train(context.Background(), vectors, 8, TrainOptions{Centroids: 128, Threads: 4, Progress: func(done, total int) {
		if done != last+1 || done > total {
			t.Errorf("%d of %d after %d", done, total, last)
		}
		last, final = done, total
	}})
	if err != nil || last != final || final < 10 {
		t.Errorf("the last report was %d of %d, %v", last, final, err)
	}
}

func TestTrainStops(t *testing.T) {
	if _, err := Train(cancelled(), make([]float32, 800), 8, TrainOptions{}); err != context.Canceled {
		t.Errorf("expected context.Canceled, found %v", err)
	}
	r := newRand(t)
	const dim = 48
	many := clustered(r, 150_000, dim, 500, 0.5)
	equal := slices.Repeat(many[:dim], 150_000)
	for _, test := range []struct {
		name string
		run  func(ctx context.Context) error
	}{
		{"different vectors", func(ctx context.Context) error {
			_, err := Train(ctx, many, dim, TrainOptions{Centroids: 1 << 13, Iterations: 1000, Threads: 2})
			return err
		}},
		{"equal vectors", func(ctx context.Context) error {
			_, err := Train(ctx, equal, dim, TrainOptions{Centroids: 1 << 13, Iterations: 1000, Threads: 2})
			return err
		}},
		{"projection", func(ctx context.Context) error {
			_, err := TrainProjection(ctx, many, 960, 100)
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			// A busy machine may hold up one run or the other: most count.
			limit := 100 * time.Millisecond
			if testing.Short() {
				limit = time.Second // the race detector slows everything down
			}
			var late []time.Duration
			for _, after := range []time.Duration{1, 10, 30, 100, 200} {
				ctx, cancel := context.WithCancel(context.Background())
				start := time.Now()
				timer := time.AfterFunc(after*time.Millisecond, cancel)
				err := test.run(ctx)
				late = append(late, time.Since(start)-after*time.Millisecond)
				timer.Stop()
				cancel()
				if err != context.Canceled {
					t.Errorf("after %d ms: expected context.Canceled, found %v", after, err)
				}
			}
			slices.Sort(late)
			t.Logf("returned this long after the end of the context: %v", late)
			if late[len(late)/2] > limit {
				t.Errorf("expected at most %v", limit)
			}
		})
	}
}

func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// TestAssign: a row's centroid is the nearest, or hardly farther, and doesn't
// depend on the rows beside it.
func TestAssign(t *testing.T) {
	r := newRand(t)
	const dim, n = 32, 3000
	vectors := clustered(r, 20000, dim, 700, 0.5)
	b := train(t, vectors[n*dim:], dim, 1024)
	vectors = vectors[:n*dim]
	ids := make([]uint16, n)
	b.Assign(ids, vectors)
	best, products := make([]int32, n), make([]float32, n)
	simd.BestMatch(best, products, vectors, b.Centroids(), dim)
	agree := 0
	var lost float64
	for i, id := range ids {
		if int32(id) == best[i] {
			agree++
		}
		lost += float64(products[i]) - dot(vectors[i*dim:][:dim], b.Centroids()[int(id)*dim:])
	}
	t.Logf("%d of %d assigned to the nearest centroid, mean loss %.5f", agree, n, lost/n)
	if agree < n*8/10 || lost/n > 0.03 {
		t.Error("expected the nearest centroid for most")
	}
	for i := 0; i < n; {
		m := min(1+r.IntN(200), n-i)
		alone := make([]uint16, m)
		b.Assign(alone, vectors[i*dim:][:m*dim])
		if !slices.Equal(alone, ids[i:i+m]) {
			t.Fatalf("other centroids for vectors %d to %d alone", i, i+m)
		}
		i += m
	}
}

// TestAssignOddRows: every row gets a centroid.
func TestAssignOddRows(t *testing.T) {
	r := newRand(t)
	b := train(t, clustered(r, 4000, 8, 100, 0.5), 8, 256)
	for _, v := range []float64{0, 1e-45, 1e30, 3e38, math.NaN(), math.Inf(1), math.Inf(-1)} {
		x := make([]float32, 3*8)
		for i := range x {
			x[i] = float32(v)
			if i%3 == 1 {
				x[i] = -x[i]
			}
		}
		ids := []uint16{65535, 65535, 65535}
		b.Assign(ids, x)
		for _, id := range ids {
			if int(id) >= b.Len() {
				t.Errorf("%v: centroid %d of %d", v, id, b.Len())
			}
		}
	}
	b.Assign(nil, nil)
}

func TestDefaultCentroids(t *testing.T) {
	for tokens, want := range map[int]int{
		-1: 16, 0: 16, 255: 16, 511: 16, 512: 32, 10_000: 512, 16_383: 512, 16_384: 1024, 100_000: 2048,
		1_200_000: 8192, 3_000_000: 8192, 12_800_000: 16384, 67_108_864: 65536, math.MaxInt: 65536,
	} {
		if got := DefaultCentroids(tokens); got != want {
			t.Errorf("%d tokens: expected %d, found %d", tokens, want, got)
		}
	}
}

// TestBuckets: weights ascend, each is the mean of what is rounded to it, and a
// component goes to the nearest one.
func TestBuckets(t *testing.T) {
	r := newRand(t)
	long := make([]float32, 50_000)
	for i := range long {
		long[i] = float32(r.NormFloat64() * math.Exp(r.NormFloat64()/2) / 20)
	}
	slices.Sort(long)
	for _, bits := range []int{1, 2, 4} {
		b := trainBuckets(long, bits)
		if len(b.weights) != 1<<bits || !slices.IsSorted(b.weights) {
			t.Fatalf("%d bits: found weights %v", bits, b.weights)
		}
		sums, counts := make([]float64, 1<<bits), make([]float64, 1<<bits)
		for _, v := range long {
			q := b.nearest(v)
			sums[q] += float64(v)
			counts[q]++
			// As near as the table tells.
			for _, weight := range b.weights {
				if d := math.Abs(float64(v - weight)); d < math.Abs(float64(v-b.weights[q]))-2/float64(b.scale) {
					t.Fatalf("%d bits: %v became %v, %v is nearer", bits, v, b.weights[q], weight)
				}
			}
		}
		for q, weight := range b.weights {
			if mean := sums[q] / counts[q]; math.Abs(mean-float64(weight)) > 1e-2*float64(b.reach) {
				t.Errorf("%d bits: bucket %d: expected the mean %v, found %v", bits, q, mean, weight)
			}
		}
	}
	for _, test := range []struct {
		name   string
		sorted []float32
	}{
		{"one value", []float32{0.25}},
		{"zeros", make([]float32, 100)},
		{"two values", append(slices.Repeat([]float32{-0.5}, 10), slices.Repeat([]float32{0.25}, 3)...)},
		{"all above 0", []float32{0.5, 0.5, 0.625}},
		{"large", []float32{-65504, 65504}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, bits := range []int{1, 2, 4} {
				b := trainBuckets(test.sorted, bits)
				for _, v := range test.sorted {
					if got := b.weights[b.nearest(v)]; bits > 1 && math.Abs(float64(got-v)) > 1e-6+2/float64(b.scale) {
						t.Errorf("%d bits: %v became %v", bits, v, got)
					}
				}
			}
		})
	}
}

// TestTrainOnLongVectors: the codebook of vectors that are no unit vectors can
// be read back.
func TestTrainOnLongVectors(t *testing.T) {
	vectors := gaussian(newRand(t), 300, 8)
	for i := range vectors {
		vectors[i] = max(-maxComponent, min(vectors[i]*40_000, maxComponent))
	}
	data, err := train(t, vectors, 8, 16).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseCodebook(data); err != nil {
		t.Error(err)
	}
}

func BenchmarkTrain(b *testing.B) {
	const centroids, dim = 4096, 48
	vectors := clustered(newRand(b), SampleSize(centroids), dim, 2000, 0.5)
	for b.Loop() {
		train(b, vectors, dim, centroids)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*SampleSize(centroids)), "µs/vector")
}

func BenchmarkEncode(b *testing.B) {
	const dim, tokens = 48, 300
	r := newRand(b)
	for _, centroids := range []int{4096, 16384} {
		vectors := clustered(r, SampleSize(centroids), dim, 2000, 0.5)
		book := train(b, vectors, dim, centroids)
		ids := make([]uint16, tokens)
		b.Run(fmt.Sprintf("assign to %d", centroids), func(b *testing.B) {
			i := 0
			for b.Loop() {
				book.Assign(ids, vectors[i%200*tokens*dim:][:tokens*dim])
				i++
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*tokens), "ns/token")
		})
		for _, kind := range kinds {
			c := newCodec(b, kind, dim, book)
			b.Run(fmt.Sprintf("%v of %d", kind, centroids), func(b *testing.B) {
				i := 0
				for b.Loop() {
					encode(b, c, vectors[i%200*tokens*dim:][:tokens*dim])
					i++
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*tokens), "ns/token")
			})
		}
	}
}

func BenchmarkMaxSim(b *testing.B) {
	const dim, tokens = 48, 128
	r := newRand(b)
	vectors := clustered(r, SampleSize(4096), dim, 2000, 0.5)
	book := train(b, vectors, dim, 4096)
	q := clustered(r, 32, dim, 2000, 0.5)
	for _, kind := range kinds {
		c := newCodec(b, kind, dim, book)
		var codes [][]byte
		for i := range 200 {
			codes = append(codes, encode(b, c, vectors[i*tokens*dim:][:tokens*dim]))
		}
		b.Run(kind.String(), func(b *testing.B) {
			var s Scratch
			i := 0
			for b.Loop() {
				if _, err := c.MaxSim(q, codes[i%len(codes)], &s); err != nil {
					b.Fatal(err)
				}
				i++
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*tokens), "ns/token")
		})
	}
}
