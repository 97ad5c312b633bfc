package index

import (
	"fmt"
	"time"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/store"
	"github.com/toller-search/toller/store/codec"
)

// An Option changes how [Open] opens or creates an index. Codec, dimensions and
// pooling are settled when the file is created; one that exists keeps its own,
// which [Index.Stat] tells.
type Option func(*options)

// options are the store's options and those for cutting texts.
type options struct {
	store.Options
	passages
	codec string
}

const defaultCodec = "4bit"

// newOptions applies the options to the defaults, and checks them. m may be nil.
func newOptions(m *edge.Model, opts []Option) (*options, error) {
	o := &options{codec: defaultCodec}
	for _, opt := range opts {
		opt(o)
	}
	var err error
	if o.Codec, err = codec.ParseKind(o.codec); err != nil {
		return nil, fmt.Errorf("index: WithCodec: %w", err)
	}
	if o.Dims < 0 {
		return nil, fmt.Errorf("index: WithDims: expected 0 or more, found %d", o.Dims)
	}
	if o.Pool < 0 {
		return nil, fmt.Errorf("index: WithPooling: expected 0 or more, found %d", o.Pool)
	}
	if o.Pool == 1 {
		o.Pool = 0
	}
	if m != nil {
		info := m.Info()
		o.Threads = info.Threads
		if o.Dims > info.Dim {
			return nil, fmt.Errorf("index: WithDims: expected at most the model's %d, found %d", info.Dim, o.Dims)
		}
	}
	return o, o.passages.settle(m)
}

// ReadOnly opens an index that exists for reading alone, such as one shipped
// inside an app. Writes return [ErrReadOnly].
func ReadOnly() Option { return func(o *options) { o.Options.ReadOnly = true } }

// WithCodec sets the form in which vectors are stored: "fp32", "fp16", "int8",
// or centroids with residuals of "4bit" (the default), "2bit" or "1bit".
func WithCodec(name string) Option { return func(o *options) { o.codec = name } }

// WithDims has vectors stored with n dimensions only, found by principal
// component analysis. 0, the default, keeps all.
func WithDims(n int) Option { return func(o *options) { o.Dims = n } }

// WithPooling has the vectors of each passage pooled to one in factor, as
// [edge.PoolFactor] does, and the means made unit vectors again. 0 and 1, the
// default, mean no pooling.
func WithPooling(factor int) Option { return func(o *options) { o.Pool = factor } }

// WithPassages sets how many tokens a passage may have, the title and what the
// model adds included, and how many of them it may repeat from the end of the
// one before. The default is the model's document length, at most 256, and an
// eighth of that.
func WithPassages(budget, overlap int) Option {
	return func(o *options) { o.budget, o.overlap, o.whole, o.given = budget, overlap, false, true }
}

// WithWholeDocuments keeps each document in one passage. Its vectors are those
// of the first 32,768 tokens, or as many as the model has positions; full text
// holds all of it.
func WithWholeDocuments() Option { return func(o *options) { o.whole = true } }

// WithMemory sets how much of the file is kept in memory, such as [SmallMemory].
func WithMemory(m Memory) Option { return func(o *options) { o.Memory = m } }

// WithLockWait sets how long a write waits for another process that is writing.
// The default is ten seconds.
func WithLockWait(d time.Duration) Option { return func(o *options) { o.Wait = d } }

// A WriteOption changes one call of [Index.Add], [Index.Update] or [Index.Put].
type WriteOption func(*writeOptions)

type writeOptions struct {
	progress func(WriteProgress)
	encoded  [][]*edge.Document // nil: the call encodes
}

// WriteProgress is how far a call that adds entries is.
type WriteProgress struct {
	Stored   int // entries that are in the file for good
	Total    int // entries of the call
	Passages int // passages encoded so far, of those that the entries up to here have
}

// Progress has f called after each passage that was encoded and each batch
// of entries that was stored, by one goroutine at a time. A slow f holds the
// work up. f must not close the index or its model.
func Progress(f func(WriteProgress)) WriteOption {
	return func(o *writeOptions) { o.progress = f }
}

// A SearchOption changes one call of [Index.Search].
type SearchOption func(*searchOptions)

type searchOptions struct {
	store.Query
	evidence bool
	bare     bool // no snippets and highlights
}

const defaultTopK = 10

// MaxTopK is how many results a search may ask for.
const MaxTopK = store.MaxHits

// TopK keeps the k best results, at most [MaxTopK]. The default is 10.
func TopK(k int) SearchOption { return func(o *searchOptions) { o.K = k } }

// Where restricts the search to the documents that meet a condition, such as
//
//	time >= 2024-05-01 and author = "Ada" and tags has "birds"
//
// in the language of package [github.com/toller-search/toller/store/filter].
// It applies before scoring. A condition on a field that no entry has is no error:
// [Index.MissingFields] tells.
func Where(filter string) SearchOption { return func(o *searchOptions) { o.Filter = filter } }

// In sets the mode. The default is [Auto].
func In(mode Mode) SearchOption { return func(o *searchOptions) { o.Mode = mode } }

// Fuse sets the order of a hybrid search. The default is [Weighted].
func Fuse(f Fusion) SearchOption { return func(o *searchOptions) { o.Fusion = f } }

// Recall sets the share of the true results, between 0 and 1, that a pruned
// search aims to find on average. The default is 0.99.
func Recall(r float64) SearchOption { return func(o *searchOptions) { o.Query.Recall = r } }

// PerDocument keeps only the best passage of each document.
func PerDocument(on bool) SearchOption { return func(o *searchOptions) { o.Query.PerDocument = on } }

// WithoutSnippets has results come without [Snippet] and highlights, for whoever
// shows none: they take a good part of a search's time, since the text of each
// result is tokenised again and compared with the query.
func WithoutSnippets() SearchOption { return func(o *searchOptions) { o.bare = true } }

// WithEvidence has results come with their [Evidence]. It needs a model, in
// Lexical too.
func WithEvidence() SearchOption { return func(o *searchOptions) { o.evidence = true } }
