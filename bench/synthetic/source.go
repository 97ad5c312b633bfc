package synthetic

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"unicode/utf8"
)

// Cosine is the mean cosine between a vector of a passage and the document's
// vector that it was made from.
const Cosine = 0.9

// A Source holds the documents that passages are made of. Once they are added
// it may be used by any number of goroutines.
type Source struct {
	dim       int
	noise     float64 // standard deviation of a component
	documents []document
}

type document struct {
	text    string
	vectors []float32 // [n, dim], n > 0
}

// NewSource returns a source without documents, of vectors of dim components.
func NewSource(dim int) *Source {
	// Noise of length t at a right angle to a unit vector leaves a cosine of
	// 1/√(1+t²); in many dimensions nearly all of it is at a right angle.
	tangent := math.Sqrt(1/(Cosine*Cosine) - 1)
	return &Source{dim: dim, noise: tangent / math.Sqrt(float64(dim))}
}

// Add adds a document with its token vectors [n, dim], unit rows, which the
// source keeps. One without vectors is left out.
func (s *Source) Add(text string, vectors []float32) error {
	if len(vectors)%s.dim != 0 {
		return fmt.Errorf("synthetic: expected a multiple of %d vector components, found %d", s.dim, len(vectors))
	}
	if len(vectors) > 0 {
		s.documents = append(s.documents, document{text, vectors})
	}
	return nil
}

// Len is the number of documents.
func (s *Source) Len() int { return len(s.documents) }

// Passage makes a passage of exactly n vectors [n, dim], unit rows, and the
// text that goes with them. It draws everything from r: equal states of r give
// equal passages.
func (s *Source) Passage(r *rand.Rand, n int) (text string, vectors []float32, err error) {
	if len(s.documents) == 0 {
		return "", nil, errors.New("synthetic: expected documents to make passages of, found none")
	}
	vectors = make([]float32, 0, n*s.dim)
	var words []string
	for missing := n; missing > 0; {
		d := &s.documents[r.IntN(len(s.documents))]
		all := len(d.vectors) / s.dim
		count := min(missing, all)
		first := r.IntN(all - count + 1)
		vectors = append(vectors, d.vectors[first*s.dim:(first+count)*s.dim]...)
		words = append(words, d.part(first, count, all))
		missing -= count
	}
	for row := 0; row < len(vectors); row += s.dim {
		s.perturb(r, vectors[row:row+s.dim])
	}
	return strings.Join(words, " "), vectors, nil
}

// part is the text of count of a document's vectors, from first on: as large a
// share of the text, moved to the ends of words.
func (d *document) part(first, count, all int) string {
	start := wordAt(d.text, len(d.text)*first/all)
	end := wordAt(d.text, len(d.text)*(first+count)/all)
	return strings.TrimSpace(d.text[start:end])
}

// wordAt moves a position in a text back to the start of the word there; a
// stretch of 100 bytes without a space is cut between two characters.
func wordAt(text string, at int) int {
	if at >= len(text) {
		return len(text)
	}
	const longest = 100
	if space := strings.LastIndexAny(text[max(0, at-longest):at], " \t\n"); space >= 0 {
		return max(0, at-longest) + space + 1
	}
	for at > 0 && !utf8.RuneStart(text[at]) {
		at--
	}
	if at <= longest {
		return 0
	}
	return at
}

// perturb adds noise to a vector and makes it unit length again.
func (s *Source) perturb(r *rand.Rand, v []float32) {
	var sum float64
	for i := range v {
		x := float64(v[i]) + s.noise*r.NormFloat64()
		v[i] = float32(x)
		sum += x * x
	}
	by := float32(1 / math.Sqrt(sum))
	for i := range v {
		v[i] *= by
	}
}
