package edge

import (
	"math"

	"github.com/toller-search/toller/heads"
)

// A Similarity is how a checkpoint's authors compare a query with a document. The
// order of documents is the same by both.
type Similarity string

const (
	// MaxSimilarity is [MaxSim].
	MaxSimilarity Similarity = "maxsim"
	// MeanMaxSimilarity is [MeanMaxSim].
	MeanMaxSimilarity Similarity = "meanmaxsim"
)

// MaxSim returns the score of a document: for each vector of the query the
// largest dot product with any of the document's, summed. A document without
// vectors, which only a skiplist that names the model's own tokens can give,
// has the lowest score there is, −1 for each vector of the query.
//
// Vectors of different models can't be compared: the score is NaN. [Rank] puts
// it last.
func MaxSim(q *Query, d *Document) float32 {
	switch {
	case q.model != d.model || q.dim != d.dim:
		return float32(math.NaN())
	case d.Len() == 0:
		return -float32(q.Len())
	}
	return heads.MaxSim(q.data, d.data, q.dim)
}

// MeanMaxSim returns [MaxSim] divided by the number of the query's vectors. It
// lies in [-1, 1], up to rounding, whatever the length of the query.
func MeanMaxSim(q *Query, d *Document) float32 { return mean(MaxSim(q, d), q) }

func mean(score float32, q *Query) float32 {
	if q.Len() == 0 {
		return score
	}
	return score / float32(q.Len())
}
