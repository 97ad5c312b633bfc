package mobile

import (
	"encoding/binary"
	"math"

	"github.com/toller-search/toller/edge"
)

// A Hit is one text of a ranking.
type Hit struct {
	Index     int     // of the text in the list that was ranked, from 0
	Score     float64 // as the model gives it, higher is better; not comparable between queries
	Mean      float64 // the score by the number of the query's vectors, -1 to 1
	Truncated bool    // the text was longer than the length it was cut at
}

// A Ranking is a list of hits, best first.
type Ranking struct{ hits []edge.Hit }

// Len returns the number of hits.
func (r *Ranking) Len() int { return len(r.hits) }

// At returns a hit, the best at 0.
func (r *Ranking) At(i int) (*Hit, error) {
	if i < 0 || i >= len(r.hits) {
		return nil, outOfRange(i, len(r.hits))
	}
	h := r.hits[i]
	return &Hit{h.Index, float64(h.Score), float64(h.Mean), h.Truncated}, nil
}

// Packed returns all hits at once, 16 bytes each, little-endian: the index as a
// 32-bit integer, score and mean as 32-bit floats, and 1 or 0 for Truncated as a
// 32-bit integer.
func (r *Ranking) Packed() []byte {
	le := binary.LittleEndian
	b := make([]byte, 0, 16*len(r.hits))
	for _, h := range r.hits {
		b = le.AppendUint32(b, uint32(h.Index))
		b = le.AppendUint32(b, math.Float32bits(h.Score))
		b = le.AppendUint32(b, math.Float32bits(h.Mean))
		truncated := uint32(0)
		if h.Truncated {
			truncated = 1
		}
		b = le.AppendUint32(b, truncated)
	}
	return b
}
