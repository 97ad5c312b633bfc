package store

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/toller-search/toller/store/codec"
)

// collection makes documents whose token vectors look like an encoder's: each
// word has a direction, each subject uses some of the words, and each
// occurrence is turned a little by its context.
type collection struct {
	r        *rand.Rand
	dim      int
	words    []float32 // [vocabulary, dim]
	subjects [][]int
}

func newCollection(seed uint64, dim, vocabulary, subjects int) *collection {
	c := &collection{r: rand.New(rand.NewPCG(seed, 1)), dim: dim}
	for range vocabulary {
		c.words = append(c.words, c.unit()...)
	}
	for range subjects {
		subject := make([]int, 60)
		for i := range subject {
			subject[i] = c.r.IntN(vocabulary)
		}
		c.subjects = append(c.subjects, subject)
	}
	return c
}

func (c *collection) unit() []float32 {
	v := make([]float32, c.dim)
	for i := range v {
		v[i] = float32(c.r.NormFloat64())
	}
	return unit(v)
}

func unit(v []float32) []float32 {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	by := float32(1 / math.Sqrt(sum))
	for i := range v {
		v[i] *= by
	}
	return v
}

// tokens is n occurrences of words of a subject, now and then of any, with
// their vectors.
func (c *collection) tokens(subject, n int) (words []int, vectors []float32) {
	own := c.subjects[subject%len(c.subjects)]
	for range n {
		w := own[c.r.IntN(len(own))]
		if c.r.IntN(4) == 0 {
			w = c.r.IntN(len(c.words) / c.dim)
		}
		words = append(words, w)
		v := make([]float32, c.dim)
		for j := range v {
			v[j] = c.words[w*c.dim+j] + 0.6/float32(math.Sqrt(float64(c.dim)))*float32(c.r.NormFloat64())
		}
		vectors = append(vectors, unit(v)...)
	}
	return words, vectors
}

// document makes a document of some passages of about n tokens.
func (c *collection) document(key string, passages, n int) Document {
	d := Document{Key: key, Title: "title " + key, Source: "/somewhere/" + key}
	subject := c.r.IntN(len(c.subjects))
	var text strings.Builder
	for range passages {
		words, vectors := c.tokens(subject, max(1, n/2+c.r.IntN(n+1)))
		start := text.Len()
		for _, w := range words {
			fmt.Fprintf(&text, "w%d ", w)
		}
		d.Passages = append(d.Passages, Passage{Start: start, End: text.Len(), Heading: fmt.Sprintf("subject %d", subject), Vectors: vectors})
	}
	d.Text = text.String()
	d.Metadata = []byte(fmt.Sprintf(`{"subject": %d, "tags": ["a%d", "b"]}`, subject, subject%3))
	return d
}

// query is m vectors like those of a text on a subject, and its words.
func (c *collection) query(m int) (string, []float32) {
	words, vectors := c.tokens(c.r.IntN(len(c.subjects)), m)
	var text strings.Builder
	for _, w := range words {
		fmt.Fprintf(&text, "w%d ", w)
	}
	return text.String(), vectors
}

func testOptions(dim int, kind codec.Kind) Options {
	return Options{Model: Model{Name: "synthetic", Fingerprint: [16]byte{1, 2, 3}, Dim: dim}, Codec: kind, TrainTokens: 2000}
}

func open(t testing.TB, path string, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func create(t testing.TB, o Options) *Store {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "index.toller"), o)
}

func clean(t testing.TB, s *Store) {
	t.Helper()
	report, err := s.Check(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range report.Problems {
		t.Error(p)
	}
}

// maxSim is the definition, in float64.
func maxSim(q, d []float32, dim int) float64 {
	var sum float64
	for i := 0; i < len(q); i += dim {
		best := math.Inf(-1)
		for j := 0; j < len(d); j += dim {
			var dot float64
			for k := range dim {
				dot += float64(q[i+k]) * float64(d[j+k])
			}
			best = max(best, dot)
		}
		sum += best
	}
	return sum
}

func containsAll(s string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(s, p) {
			return false
		}
	}
	return true
}
