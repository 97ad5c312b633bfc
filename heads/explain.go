package heads

import (
	"math"

	"github.com/toller-search/toller/infer/simd"
)

// Match is what one query vector contributes to a score.
type Match struct {
	// Query is the row of the query vector, Document that of the document
	// vector most similar to it, the first of equals. Document is −1 where no
	// similarity is a number.
	Query, Document int
	// Similarity is their dot product.
	Similarity float32
	// Share is Similarity as a part of the score. Shares add up to 1; a
	// negative similarity has a negative share of a positive score. Where the
	// score is 0 or infinite all shares are 0.
	Share float32
}

// Explain takes the score of q [m, dim] and d [n, dim] apart into one Match for
// each query vector, in order. Their similarities add up to MaxSim, but for
// rounding. Without document vectors nothing matches and the result is empty.
func Explain(q, d []float32, dim int) []Match {
	m, n := rows(q, dim), rows(d, dim)
	if m == 0 || n == 0 {
		return nil
	}
	best, similarity := make([]int32, m), make([]float32, m)
	simd.BestMatch(best, similarity, q, d, dim)
	var score float64
	for _, s := range similarity {
		score += float64(s)
	}
	matches := make([]Match, m)
	for i := range matches {
		matches[i] = Match{Query: i, Document: int(best[i]), Similarity: similarity[i]}
		if score != 0 && !math.IsInf(score, 0) {
			matches[i].Share = float32(float64(similarity[i]) / score)
		}
	}
	return matches
}
