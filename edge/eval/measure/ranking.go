package measure

import (
	"cmp"
	"container/heap"
	"slices"
)

// A Hit is a scored document.
type Hit struct {
	Document string // its id
	Score    float32
}

// Sort orders hits best first: by descending score, ties by descending document id.
func Sort(hits []Hit) { slices.SortFunc(hits, compare) }

// compare orders hits best first.
func compare(a, b Hit) int {
	if order := cmp.Compare(b.Score, a.Score); order != 0 {
		return order
	}
	return cmp.Compare(b.Document, a.Document)
}

// A Top collects the best k hits of one query. The outcome doesn't depend on
// the order in which they are offered. It is not safe for concurrent use.
type Top struct {
	k     int
	query string
	worst worstFirst
}

// NewTop returns an empty collector of at most k hits for the query with
// that id.
func NewTop(k int, query string) *Top {
	return &Top{k: k, query: query}
}

// Offer considers a document, which must not have been offered before. The
// document with the query's own id is left out.
func (t *Top) Offer(document string, score float32) {
	if document == t.query || t.k <= 0 {
		return
	}
	hit := Hit{Document: document, Score: score}
	if len(t.worst) < t.k {
		heap.Push(&t.worst, hit)
		return
	}
	if compare(hit, t.worst[0]) < 0 {
		t.worst[0] = hit
		heap.Fix(&t.worst, 0)
	}
}

// Ranking returns the hits collected so far, best first.
func (t *Top) Ranking() []Hit {
	ranking := slices.Clone([]Hit(t.worst))
	Sort(ranking)
	return ranking
}

// worstFirst is a heap with the worst hit on top.
type worstFirst []Hit

func (h worstFirst) Len() int           { return len(h) }
func (h worstFirst) Less(i, j int) bool { return compare(h[i], h[j]) > 0 }
func (h worstFirst) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *worstFirst) Push(x any)        { *h = append(*h, x.(Hit)) }
func (h *worstFirst) Pop() any {
	last := len(*h) - 1
	hit := (*h)[last]
	*h = (*h)[:last]
	return hit
}
