package codec_test

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/toller-search/toller/edge/builtin"
	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/store/codec"
	"github.com/toller-search/toller/testdata"
)

// collection is the abstracts of testdata, encoded by the model that comes
// with toller, with the titles of the first half as queries.
type collection struct {
	dim       int
	queries   [][]float32
	documents [][]float32
}

var (
	once   sync.Once
	shared *collection
	failed error
)

// abstracts is the collection, encoded once for all tests.
func abstracts(tb testing.TB) *collection {
	tb.Helper()
	once.Do(func() { shared, failed = encodeAbstracts(testdata.Read(tb, "abstracts.jsonl")) })
	if failed != nil {
		tb.Fatal(failed)
	}
	return shared
}

func encodeAbstracts(lines []byte) (*collection, error) {
	m, err := builtin.Open()
	if err != nil {
		return nil, err
	}
	defer m.Close()
	c := &collection{}
	limit := 200
	switch {
	case testing.Short() && simd.Name() == "generic":
		limit = 16 // encoding them takes all of the time
	case testing.Short():
		limit = 40 // the race detector takes its time
	}
	var texts []string
	for line := range bytes.Lines(lines) {
		if len(texts) == limit {
			break
		}
		var a struct{ Title, Text string }
		if err := json.Unmarshal(line, &a); err != nil {
			return nil, err
		}
		if len(texts) < limit/2 {
			q, err := m.EncodeQuery(context.Background(), lastWords(a.Title))
			if err != nil {
				return nil, err
			}
			c.dim = q.Dim()
			c.queries = append(c.queries, q.Vectors())
		}
		texts = append(texts, a.Text)
	}
	documents, err := m.EncodeDocuments(context.Background(), texts)
	if err != nil {
		return nil, err
	}
	for _, d := range documents {
		c.documents = append(c.documents, d.Vectors())
	}
	return c, nil
}

// lastWords is the end of a title: of little enough that not every abstract is
// found by it.
func lastWords(title string) string {
	words := strings.Fields(title)
	return strings.Join(words[max(0, len(words)-3):], " ")
}

// book is a codebook of the whole collection's vectors.
func (c *collection) book(tb testing.TB) *codec.Codebook {
	tb.Helper()
	sample := slices.Concat(c.documents...)
	b, err := codec.Train(tb.Context(), sample, c.dim, codec.TrainOptions{})
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// ndcg is nDCG@10 of finding each title's abstract, given every score
// [query][document].
func ndcg(scores [][]float32) float64 {
	var sum float64
	for q, row := range scores {
		rank := 0
		for _, score := range row {
			if score > row[q] {
				rank++
			}
		}
		if rank < 10 {
			sum += 1 / math.Log2(float64(rank)+2)
		}
	}
	return sum / float64(len(scores))
}

// TestQuality holds every kind against the score that exact vectors give, with
// real vectors: the ranking of titles' abstracts, and the scores themselves.
func TestQuality(t *testing.T) {
	c := abstracts(t)
	book := c.book(t)
	score := func(of func(q []float32, document int) float32) [][]float32 {
		scores := make([][]float32, len(c.queries))
		for i, q := range c.queries {
			for j := range c.documents {
				scores[i] = append(scores[i], of(q, j))
			}
		}
		return scores
	}
	exact := score(func(q []float32, j int) float32 { return simd.MaxSim(q, c.documents[j], c.dim) })
	want := ndcg(exact)
	t.Logf("%d abstracts, %d centroids; exact nDCG@10 %.4f", len(c.documents), book.Len(), want)
	for _, bar := range []struct {
		kind     codec.Kind
		relative float64 // of exact nDCG
		error    float64 // root mean square, a query vector
	}{
		{codec.FP32, 1, 1e-7},
		{codec.FP16, 1, 5e-5},
		{codec.Int8, 0.998, 5e-4},
		{codec.Residual4, 0.995, 0.004},
		{codec.Residual2, 0.985, 0.02},
		{codec.Residual1, 0.95, 0.05},
	} {
		t.Run(bar.kind.String(), func(t *testing.T) {
			b := book
			if !bar.kind.Trained() {
				b = nil
			}
			coder, err := codec.New(bar.kind, c.dim, b)
			if err != nil {
				t.Fatal(err)
			}
			codes := make([][]byte, len(c.documents))
			var size, vectors int
			for j, d := range c.documents {
				if codes[j], err = coder.Encode(d); err != nil {
					t.Fatal(err)
				}
				size += len(codes[j])
				vectors += len(d) / c.dim
			}
			var scratch codec.Scratch
			scores := score(func(q []float32, j int) float32 {
				s, err := coder.MaxSim(q, codes[j], &scratch)
				if err != nil {
					t.Fatal(err)
				}
				return s
			})
			var square float64
			for i, q := range c.queries {
				for j := range c.documents {
					e := float64(scores[i][j]-exact[i][j]) / float64(len(q)/c.dim)
					square += e * e
				}
			}
			square /= float64(len(c.queries) * len(c.documents))
			relative := ndcg(scores) / want
			t.Logf("%.2f bytes a vector, %.2f %% of the exact nDCG, error %.2g", float64(size)/float64(vectors), 100*relative, math.Sqrt(square))
			if math.Sqrt(square) > bar.error {
				t.Errorf("expected an error of at most %v", bar.error)
			}
			// Of few queries a single one changes the mean too much.
			if relative < bar.relative && !testing.Short() {
				t.Errorf("expected at least %.1f %% of the exact nDCG", 100*bar.relative)
			}
		})
	}
}

// TestAssignRealVectors: nearly all find the nearest centroid.
func TestAssignRealVectors(t *testing.T) {
	c := abstracts(t)
	book := c.book(t)
	agree, total := 0, 0
	for _, d := range c.documents {
		n := len(d) / c.dim
		ids := make([]uint16, n)
		book.Assign(ids, d)
		best, products := make([]int32, n), make([]float32, n)
		simd.BestMatch(best, products, d, book.Centroids(), c.dim)
		for i, id := range ids {
			if int32(id) == best[i] {
				agree++
			}
			total++
		}
	}
	t.Logf("%d of %d vectors assigned to the nearest of %d centroids", agree, total, book.Len())
	if agree < total*85/100 {
		t.Error("expected the nearest centroid for most")
	}
}

// TestProjectRealVectors: three quarters of the dimensions keep most of every product.
func TestProjectRealVectors(t *testing.T) {
	c := abstracts(t)
	p, err := codec.TrainProjection(t.Context(), slices.Concat(c.documents...), c.dim, c.dim*3/4)
	if err != nil {
		t.Fatal(err)
	}
	_, dim := p.Dims()
	var square, count float64
	for i, q := range c.queries {
		d := c.documents[i]
		exact := simd.MaxSim(q, d, c.dim)
		e := float64(simd.MaxSim(p.Apply(q), p.Apply(d), dim)-exact) / float64(len(q)/c.dim)
		square += e * e
		count++
	}
	t.Logf("from %d to %d dimensions: error %.3f a query vector", c.dim, dim, math.Sqrt(square/count))
	if math.Sqrt(square/count) > 0.05 {
		t.Error("expected a smaller error")
	}
}
