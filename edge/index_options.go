package edge

import (
	"fmt"
	"time"

	"github.com/toller-search/toller/store"
	"github.com/toller-search/toller/store/codec"
)

// An IndexOption changes how [OpenIndex] opens or creates an index. Codec,
// dimensions and pooling are settled when the file is created; one that exists
// keeps its own, which [Index.Stat] tells.
type IndexOption func(*indexOptions)

// indexOptions are the store's options and those for cutting texts.
type indexOptions struct {
	store.Options
	passages
	codec string
}

const defaultCodec = "4bit"

// newIndexOptions applies the options to the defaults, and checks them. m may
// be nil.
func newIndexOptions(m *Model, opts []IndexOption) (*indexOptions, error) {
	o := &indexOptions{codec: defaultCodec}
	for _, opt := range opts {
		opt(o)
	}
	var err error
	if o.Codec, err = codec.ParseKind(o.codec); err != nil {
		return nil, fmt.Errorf("edge: WithCodec: %w", err)
	}
	if o.Dims < 0 {
		return nil, fmt.Errorf("edge: WithDims: expected 0 or more, found %d", o.Dims)
	}
	if o.Pool < 0 {
		return nil, fmt.Errorf("edge: WithPooling: expected 0 or more, found %d", o.Pool)
	}
	if o.Pool == 1 {
		o.Pool = 0
	}
	if m != nil {
		o.Threads = m.threads
		if o.Dims > m.head.Out() {
			return nil, fmt.Errorf("edge: WithDims: expected at most the model's %d, found %d", m.head.Out(), o.Dims)
		}
	}
	return o, o.passages.settle(m)
}

// ReadOnly opens an index that exists for reading alone, such as one shipped
// inside an app. Writes return [store.ErrReadOnly].
func ReadOnly() IndexOption { return func(o *indexOptions) { o.Options.ReadOnly = true } }

// WithCodec sets the form in which vectors are stored: "fp32", "fp16", "int8",
// or centroids with residuals of "4bit" (the default), "2bit" or "1bit".
func WithCodec(name string) IndexOption { return func(o *indexOptions) { o.codec = name } }

// WithDims has vectors stored with n dimensions only, found by principal
// component analysis. 0, the default, keeps all.
func WithDims(n int) IndexOption { return func(o *indexOptions) { o.Dims = n } }

// WithPooling has the vectors of each passage pooled to one in factor, as
// [PoolFactor] does, and the means made unit vectors again. 0 and 1, the
// default, mean no pooling.
func WithPooling(factor int) IndexOption { return func(o *indexOptions) { o.Pool = factor } }

// WithPassages sets how many tokens a passage may have, the title and what the
// model adds included, and how many of them it may repeat from the end of the
// one before. The default is the model's document length, at most 256, and an
// eighth of that.
func WithPassages(budget, overlap int) IndexOption {
	return func(o *indexOptions) { o.budget, o.overlap, o.whole, o.given = budget, overlap, false, true }
}

// WithWholeDocuments keeps each document in one passage. Its vectors are those
// of the first 32,768 tokens; full text holds all of it.
func WithWholeDocuments() IndexOption { return func(o *indexOptions) { o.whole = true } }

// WithLockWait sets how long a write waits for another process that is writing.
// The default is ten seconds.
func WithLockWait(d time.Duration) IndexOption { return func(o *indexOptions) { o.Wait = d } }

// A WriteOption changes one call of [Index.Add], [Index.Update] or [Index.Put].
type WriteOption func(*writeOptions)

type writeOptions struct {
	progress func(IndexProgress)
}

// IndexProgress is how far a call that adds entries is.
type IndexProgress struct {
	Stored   int // entries that are in the file for good
	Total    int // entries of the call
	Passages int // passages encoded so far, of those that the entries up to here have
}

// OnProgress has f called after each passage that was encoded and each batch
// of entries that was stored, by one goroutine at a time. A slow f holds the
// work up. f must not call methods of the index or of its model.
func OnProgress(f func(IndexProgress)) WriteOption {
	return func(o *writeOptions) { o.progress = f }
}

// A Mode is the way in which a search finds its candidates.
type Mode = store.Mode

const (
	// ModeAuto is ModeLexical for an index without a model, and otherwise
	// ModePruned.
	ModeAuto = store.Auto
	// ModeExact scores every passage by MaxSim.
	ModeExact = store.Exact
	// ModePruned scores those that the centroids make look best. It is ModeExact
	// while the index is small.
	ModePruned = store.Pruned
	// ModeLexical is full text alone, ordered by BM25. It needs no model.
	ModeLexical = store.Lexical
	// ModeHybrid joins the best of ModePruned with those of ModeLexical, in the
	// order that [Fuse] sets.
	ModeHybrid = store.Hybrid
)

// A Fusion is the order of the candidates that a hybrid search joins.
type Fusion = store.Fusion

const (
	// FusionNone orders by MaxSim alone: full text only finds candidates.
	FusionNone = store.ByMaxSim
	// FusionWeighted orders by 0.3 BM25 + 0.7 MaxSim, both scaled to 0…1.
	FusionWeighted = store.Weighted
	// FusionRRF is reciprocal rank fusion.
	FusionRRF = store.RRF
)

// A SearchOption changes one call of [Index.Search].
type SearchOption func(*searchOptions)

type searchOptions struct {
	store.Query
	evidence bool
}

const defaultLimit = 10

// Limit sets how many results there are at most. The default is 10.
func Limit(k int) SearchOption { return func(o *searchOptions) { o.K = k } }

// Where restricts the search to the documents that meet a condition, such as
//
//	time >= 2024-05-01 and author = "Ada" and tags has "birds"
//
// in the language of package [github.com/toller-search/toller/store/filter].
// It applies before scoring.
func Where(filter string) SearchOption { return func(o *searchOptions) { o.Filter = filter } }

// In sets the mode. The default is [ModeAuto].
func In(mode Mode) SearchOption { return func(o *searchOptions) { o.Mode = mode } }

// Fuse sets the order of a hybrid search. The default is [FusionNone].
func Fuse(f Fusion) SearchOption { return func(o *searchOptions) { o.Fusion = f } }

// Recall sets the share of the true results, between 0 and 1, that a pruned
// search aims to find on average. The default is 0.99.
func Recall(r float64) SearchOption { return func(o *searchOptions) { o.Query.Recall = r } }

// PerDocument keeps only the best passage of each document.
func PerDocument(on bool) SearchOption { return func(o *searchOptions) { o.Query.PerDocument = on } }

// WithEvidence has results come with their [Evidence]. It needs a model, in
// ModeLexical too.
func WithEvidence() SearchOption { return func(o *searchOptions) { o.evidence = true } }
