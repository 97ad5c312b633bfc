package edge

import (
	"math"

	"github.com/toller-search/toller/heads"
)

// Evidence takes the score of a document apart.
type Evidence struct {
	Score   float32 `json:"score"` // as MaxSim gives it
	Mean    float32 `json:"mean"`  // as MeanMaxSim gives it
	Matches []Match `json:"matches"`
}

// A Match pairs a vector of the query with the document's vector that is most
// like it, the first of equals.
type Match struct {
	Query      Token   `json:"query"`
	Document   Token   `json:"document"`
	Index      int     `json:"index"`      // of the document's vector
	Similarity float32 `json:"similarity"` // the dot product of the two
	// Share is Similarity as a part of the score. Shares add up to 1; a
	// negative similarity has a negative share of a positive score.
	Share float32 `json:"share"`
}

// Explain says where the score of a document comes from: one match for each
// vector of the query, in order. There is none where [MaxSim] has nothing to
// compare: vectors of different models, or a document without vectors.
func Explain(q *Query, d *Document) Evidence {
	score := MaxSim(q, d)
	e := Evidence{Score: score, Mean: mean(score, q)}
	if math.IsNaN(float64(score)) || d.Len() == 0 {
		return e
	}
	queryTokens, documentTokens := q.Tokens(), d.Tokens()
	for _, m := range heads.Explain(q.data, d.data, q.dim) {
		e.Matches = append(e.Matches, Match{
			Query:      queryTokens[m.Query],
			Document:   documentTokens[m.Document],
			Index:      m.Document,
			Similarity: m.Similarity,
			Share:      m.Share,
		})
	}
	return e
}
