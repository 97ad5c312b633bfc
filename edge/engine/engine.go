package engine

import (
	"context"
	"errors"

	"github.com/toller-search/toller/edge/engine/internal/rest"
	"github.com/toller-search/toller/store/filter"
)

// An Engine is one collection of points in a search engine. Its methods may be
// called by several goroutines. Those that write return when what was written
// survives the end of the engine's process, and try again, within a minute, what
// fails because the engine is busy or not there. They return before that when the
// context ends.
type Engine interface {
	// Create makes the collection for vectors of dim components, unless it is there;
	// one of other vectors is refused with [ErrSpace].
	Create(ctx context.Context, dim int) error

	// Stamps returns what is known of the points with these ids; those that the
	// collection doesn't have are left out.
	Stamps(ctx context.Context, ids []ID) (map[ID]Stamp, error)

	// Put stores points, in place of those with the same ids.
	Put(ctx context.Context, points []Point) error

	// Delete removes the points with these ids; those that aren't there are no error.
	Delete(ctx context.Context, ids []ID) error

	// IDs calls yield with the ids of all points, part by part, until it returns
	// false. It sees what was written before. Nothing may be written meanwhile.
	IDs(ctx context.Context, yield func([]ID) bool) error

	// Finish is called after the last write of a push: what was written can be found.
	Finish(ctx context.Context) error

	// Search returns the points that answer a query best, best first.
	Search(ctx context.Context, q *Query) ([]Hit, error)
}

// A Query is what is searched for.
type Query struct {
	Text    string    // for engines that look for words first; not empty
	Vectors []float32 // [n, Dim] row-major, n > 0
	Dim     int
	K       int // hits wanted, 1 or more
	// Filter restricts the search; nil doesn't. What an engine can't express is
	// refused with [ErrFilter].
	Filter *filter.Expr
	// Exact has every passage that meets the filter scored by MaxSim. Otherwise the
	// engine's own index, of vectors or of words, chooses those that are.
	Exact bool
}

// Errors that a caller may want to tell apart. What a method returns wraps one of
// them and names the engine and the collection.
var (
	ErrSpace    = errors.New("the collection has other vectors") // in number of components, or of another model
	ErrFilter   = errors.New("this filter can't be asked of the engine")
	ErrNotFound = rest.ErrNotFound // there is no such collection
	ErrRefused  = rest.ErrRefused  // an answer said no
	ErrAway     = rest.ErrAway     // no answer came
)
