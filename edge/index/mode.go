package index

import "github.com/toller-search/toller/store"

// A Mode is the way in which a search finds its candidates.
type Mode = store.Mode

const (
	// Auto is Lexical for an index without a model, and otherwise Hybrid: of all
	// modes it ranks best with the embedded model, on each collection of natural
	// text that was tried (bench/RESULTS.md).
	Auto = store.Auto
	// Exact scores every passage by MaxSim.
	Exact = store.Exact
	// Pruned scores those that the centroids make look best. It is Exact while
	// the index is small.
	Pruned = store.Pruned
	// Lexical is full text alone, ordered by BM25. It needs no model.
	Lexical = store.Lexical
	// Hybrid joins the best of Pruned with those of Lexical, in the order that
	// [Fuse] sets.
	Hybrid = store.Hybrid
)

// A Fusion is how a hybrid search makes one order of its candidates.
type Fusion = store.Fusion

const (
	// Weighted, the default, orders by 0.3 · BM25 + 0.7 · MaxSim, both scaled to
	// 0…1 over the candidates.
	Weighted = store.Weighted
	// RRF is reciprocal rank fusion.
	RRF = store.RRF
	// ByMaxSim orders by MaxSim alone: full text only finds candidates.
	ByMaxSim = store.ByMaxSim
)
