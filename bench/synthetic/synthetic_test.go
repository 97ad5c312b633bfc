package synthetic

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

const dim = 48

// source has documents of 1 to 40 vectors. The text of vector j of document i
// is the word "i.j", so that a passage's text says where its vectors come from.
func source(t *testing.T, r *rand.Rand) (*Source, map[string][]float32) {
	t.Helper()
	s := NewSource(dim)
	origin := make(map[string][]float32)
	for i := range 30 {
		var words []string
		var vectors []float32
		for j := range 1 + r.IntN(40) {
			v := make([]float32, dim)
			var sum float64
			for k := range v {
				v[k] = float32(r.NormFloat64())
				sum += float64(v[k]) * float64(v[k])
			}
			for k := range v {
				v[k] /= float32(math.Sqrt(sum))
			}
			// Words of one length: the text's share is then exactly the vectors'.
			word := fmt.Sprintf("%03d.%03d", i, j)
			origin[word] = v
			words = append(words, word)
			vectors = append(vectors, v...)
		}
		if err := s.Add(strings.Join(words, " ")+" ", vectors); err != nil {
			t.Fatal(err)
		}
	}
	return s, origin
}

func TestPassage(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	s, origin := source(t, r)
	var cosines, count float64
	for range 300 {
		n := 1 + r.IntN(100)
		text, vectors, err := s.Passage(r, n)
		if err != nil {
			t.Fatal(err)
		}
		words := strings.Fields(text)
		if len(vectors) != n*dim || len(words) != n {
			t.Fatalf("%d components and %d words, want %d and %d", len(vectors), len(words), n*dim, n)
		}
		for i, word := range words {
			v := vectors[i*dim : (i+1)*dim]
			if length := dot(v, v); math.Abs(length-1) > 1e-5 {
				t.Errorf("vector of squared length %v, want 1", length)
			}
			cosines += dot(v, origin[word])
			count++
		}
	}
	if mean := cosines / count; math.Abs(mean-Cosine) > .01 {
		t.Errorf("mean cosine %.3f, want %v", mean, Cosine)
	}
}

func TestPassageRepeats(t *testing.T) {
	s, _ := source(t, rand.New(rand.NewPCG(1, 2)))
	for _, n := range []int{1, 17, 200} {
		text, vectors, err := s.Passage(rand.New(rand.NewPCG(3, 4)), n)
		if err != nil {
			t.Fatal(err)
		}
		again, same, err := s.Passage(rand.New(rand.NewPCG(3, 4)), n)
		if err != nil {
			t.Fatal(err)
		}
		if text != again || !slices.Equal(vectors, same) {
			t.Errorf("%d vectors: another passage from the same state", n)
		}
		if other, _, _ := s.Passage(rand.New(rand.NewPCG(5, 6)), n); other == text {
			t.Errorf("%d vectors: the same passage from another state", n)
		}
	}
}

// Texts without spaces and with long characters must not be cut inside one.
func TestTextIsWhole(t *testing.T) {
	for _, text := range []string{"", "x", strings.Repeat("語", 500), strings.Repeat("é ", 300), strings.Repeat("a", 400) + " b"} {
		s := NewSource(1)
		if err := s.Add(text, []float32{1, 1, 1, 1, 1, 1, 1}); err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(7, uint64(len(text))))
		for n := 1; n <= 7; n++ {
			part, _, err := s.Passage(r, n)
			if err != nil {
				t.Fatal(err)
			}
			if !utf8.ValidString(part) || !strings.Contains(text, part) {
				t.Errorf("%d of 7 vectors: %q is no part of %.20q", n, part, text)
			}
			if n == 7 && part != strings.TrimSpace(text) {
				t.Errorf("all vectors: %q, want the whole text", part)
			}
		}
	}
}

func TestRefuses(t *testing.T) {
	s := NewSource(4)
	if err := s.Add("a", make([]float32, 6)); err == nil || !strings.Contains(err.Error(), "multiple of 4") {
		t.Errorf("6 components: %v", err)
	}
	if err := s.Add("a", nil); err != nil || s.Len() != 0 {
		t.Errorf("no vectors: %v, %d documents; want it left out", err, s.Len())
	}
	if _, _, err := s.Passage(rand.New(rand.NewPCG(0, 0)), 1); err == nil {
		t.Error("a passage from nothing")
	}
}

func dot(a, b []float32) float64 {
	var sum float64
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}
