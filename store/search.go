package store

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/toller-search/toller/store/codec"
)

// Mode is the way in which a search finds its candidates.
type Mode uint8

const (
	// Auto is Lexical for a query without vectors, Exact for a store that has
	// not trained yet, and otherwise Pruned.
	Auto Mode = iota
	// Exact scores every passage.
	Exact
	// Pruned scores the passages that the centroids of the candidate index make
	// look best, until more are unlikely to be among the hits. It is Exact
	// before the first training.
	Pruned
	// Lexical is full text alone, ordered by BM25.
	Lexical
	// Hybrid joins the best passages of Pruned with those of Lexical.
	Hybrid
)

func (m Mode) String() string {
	names := [...]string{"auto", "exact", "pruned", "lexical", "hybrid"}
	if int(m) < len(names) {
		return names[m]
	}
	return fmt.Sprintf("mode %d", m)
}

// Query says what to search for.
type Query struct {
	Vectors []float32 // [m, Model.Dim] token vectors; needed unless Lexical
	Text    string    // words for full text; needed for Lexical and Hybrid
	K       int       // how many hits
	Filter  string    // in the language of package filter; empty: all
	Mode    Mode

	Fusion Fusion // how Hybrid orders its candidates
	// Share of BM25 in Weighted, between 0 and 1; 0: 0.3, which was best with a
	// good model. ByMaxSim is without.
	Lexical float64

	// Recall says how sure Pruned is to be that it has found the best passages
	// before it stops, between 0 and 1; 0: 0.99. It is a rule for stopping (see
	// doc.go), not a promise. Measured on two collections of 5,000 texts, pruned
	// search with 0.9, 0.95, 0.99 and 1 had 98 to 99, 98 to 99, 99 to 100 and
	// 100 % of exact search's first ten; on 100,000 passages that are hard to
	// tell apart, with 0.99, 95 %.
	Recall float64

	PerDocument bool // only the best passage of each document
	Evidence    bool // hits come with their vectors
}

// Hit is a passage that a search found.
type Hit struct {
	Document           int64
	Key, Title, Source string
	Passage            Passage // Vectors and Clusters only with Query.Evidence
	Text               string  // of the passage

	Score  float64 // what the hits are ordered by
	MaxSim float64 // of the stored vectors; 0 in mode Lexical
	BM25   float64 // larger is better; 0 where the full text doesn't match
}

const (
	defaultRecall = 0.99
	// MaxHits is how many hits a search may ask for.
	MaxHits = 1 << 16

	// exactBelow is how many passages are scored without asking the index.
	exactBelow = 512
	// At most maxScored passages, or scoredPerHit for each hit asked for, are
	// scored by a pruned search.
	maxScored    = 2048
	scoredPerHit = 32
	// scoreBatch is how many codes are read at once.
	scoreBatch = 64
)

// Search finds the K best passages, best first; equals are ordered by their
// ids. The whole search sees the file at one moment.
func (s *Store) Search(ctx context.Context, q Query) ([]Hit, error) {
	if err := s.checkQuery(&q); err != nil {
		return nil, err
	}
	where, err := parseFilter(q.Filter)
	if err != nil {
		return nil, err
	}
	var hits []Hit
	err = s.read(ctx, "search", func(t *transaction) error {
		search := &search{transaction: t, Query: q}
		if q.Filter != "" {
			if err := search.filter(ctx, where); err != nil {
				return err
			}
		}
		found, err := search.run(ctx)
		if err != nil {
			return err
		}
		hits, err = search.hits(ctx, found)
		return err
	})
	return hits, err
}

// checkQuery refuses what can't be searched for, and fills the defaults in.
func (s *Store) checkQuery(q *Query) error {
	dim := s.settings.model.Dim
	if len(q.Vectors)%dim != 0 {
		return fmt.Errorf("store: query of %d vector components, expected a multiple of the model's %d dimensions", len(q.Vectors), dim)
	}
	if n := len(q.Vectors) / dim; n > maxQuery {
		return fmt.Errorf("store: query of %d vectors, expected at most %d", n, maxQuery)
	}
	if err := finite(q.Vectors, dim); err != nil {
		return fmt.Errorf("store: query: %w", err)
	}
	if q.K < 1 || q.K > MaxHits {
		return fmt.Errorf("store: query for %d hits, expected 1 to %d", q.K, MaxHits)
	}
	if !(q.Recall >= 0 && q.Recall <= 1) {
		return fmt.Errorf("store: query for a recall of %v, expected 0 to 1", q.Recall)
	}
	if !(q.Lexical >= 0 && q.Lexical <= 1) {
		return fmt.Errorf("store: query with a share of BM25 of %v, expected 0 to 1", q.Lexical)
	}
	if q.Fusion > ByMaxSim {
		return fmt.Errorf("store: query with unknown %s", q.Fusion)
	}
	if q.Recall == 0 {
		q.Recall = defaultRecall
	}
	if q.Lexical == 0 {
		q.Lexical = defaultLexical
	}
	switch {
	case q.Mode > Hybrid:
		return fmt.Errorf("store: query with unknown %s", q.Mode)
	case q.Mode == Auto && len(q.Vectors) == 0:
		q.Mode = Lexical
	case q.Mode == Auto:
		q.Mode = Pruned
	}
	if q.Mode != Lexical && len(q.Vectors) == 0 {
		return fmt.Errorf("store: query without vectors, which mode %s needs", q.Mode)
	}
	if (q.Mode == Lexical || q.Mode == Hybrid) && q.Text == "" {
		return fmt.Errorf("store: query without text, which mode %s needs", q.Mode)
	}
	return nil
}

// search is one search at work.
type search struct {
	*transaction
	Query
	allowed   *passageSet // nil: all
	projected []float32   // the query's vectors in the codebooks' form
	scratch   codec.Scratch
}

// found is a passage on its way to become a hit.
type found struct {
	scored
	maxSim, bm25 float64
	final        float64
}

func (s *search) run(ctx context.Context) ([]found, error) {
	switch s.Mode {
	case Lexical:
		list, err := s.lexical(ctx, s.K, s.PerDocument)
		if err != nil {
			return nil, err
		}
		out := make([]found, len(list))
		for i, l := range list {
			out[i] = found{scored: l, bm25: float64(l.score), final: float64(l.score)}
		}
		return out, nil
	case Hybrid:
		return s.hybrid(ctx)
	}
	list, err := s.nearest(ctx, s.K, s.PerDocument)
	if err != nil {
		return nil, err
	}
	out := make([]found, len(list))
	for i, l := range list {
		out[i] = found{scored: l, maxSim: float64(l.score), final: float64(l.score)}
	}
	return out, nil
}

// nearest is the k passages, or documents, with the largest MaxSim.
func (s *search) nearest(ctx context.Context, k int, perDocument bool) ([]scored, error) {
	if s.Mode != Exact && !(s.allowed != nil && len(s.allowed.ids) <= exactBelow) {
		x, err := s.index(ctx)
		if err != nil {
			return nil, err
		}
		if x != nil && len(x.ids) > exactBelow {
			list, err := s.pruned(ctx, x, k, perDocument)
			if err != nil || len(list) == k {
				return list, err
			}
			// Too few passages share a centroid with the query.
		}
	}
	best := newTop(k, perDocument)
	if s.allowed == nil {
		err := s.scoreAll(ctx, perDocument, best.add)
		return best.sorted(), err
	}
	for ids := range slices.Chunk(s.allowed.ids, 4*scoreBatch) {
		if err := s.score(ctx, ids, perDocument, best.add); err != nil {
			return nil, err
		}
	}
	return best.sorted(), nil
}

// pruned scores the index's candidates in the order of their estimates, until
// the scores of the last ones say that the next are no better than what is
// found: until the K-th lies so many standard deviations above their mean that
// another like them would beat it with a chance of (1 − Recall)/2, were they
// normally distributed.
//
// The estimates themselves can't say that: by how much MaxSim differs from them
// is another number for each query, and far from the same along its list.
func (s *search) pruned(ctx context.Context, x *index, k int, perDocument bool) ([]scored, error) {
	var allowed []bool
	if s.allowed != nil {
		allowed = s.allowed.slots(x.ids)
	}
	candidates := x.candidates(s.form(x.coder), allowed, max(maxScored, scoredPerHit*k))
	deviations := math.Sqrt2 * math.Erfinv(1-(1-s.Recall)/2)
	best := newTop(k, perDocument)
	var last recent
	batch := make([]int64, 0, scoreBatch)
	for part := range slices.Chunk(candidates, scoreBatch) {
		batch = batch[:0]
		for _, c := range part {
			batch = append(batch, x.ids[c.slot])
		}
		slices.Sort(batch)
		if err := s.scoreCached(ctx, batch, func(one scored) {
			best.add(one)
			last.add(one.score)
		}); err != nil {
			return nil, err
		}
		if best.full() && last.full() && float64(best.worst()) > last.above(deviations) {
			break
		}
	}
	return best.sorted(), nil
}

// recent is the last scores of a search.
type recent struct {
	scores [2 * scoreBatch]float32
	n      int
}

func (r *recent) add(score float32) {
	r.scores[r.n%len(r.scores)] = score
	r.n++
}

func (r *recent) full() bool { return r.n >= len(r.scores) }

// above is the score so many standard deviations above the mean.
func (r *recent) above(deviations float64) float64 {
	var sum, squares float64
	for _, v := range r.scores {
		sum += float64(v)
	}
	mean := sum / float64(len(r.scores))
	for _, v := range r.scores {
		squares += (float64(v) - mean) * (float64(v) - mean)
	}
	return mean + deviations*math.Sqrt(squares/float64(len(r.scores)))
}

// form is the query's vectors in the form that c's codes have. All codebooks
// of a file share one projection.
func (s *search) form(c *coder) []float32 {
	if c.projection == nil {
		return s.Vectors
	}
	if s.projected == nil {
		s.projected = c.project(s.Vectors)
	}
	return s.projected
}
