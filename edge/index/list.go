package index

import (
	"context"

	"github.com/toller-search/toller/store"
)

// Listed is what an entry is known by: its key, title, source and time.
type Listed = store.Listed

// List returns the entries that meet a filter, all if it is empty, without
// reading their texts: in the order of their keys' bytes, from the first that
// comes after the key named, and at most limit of them. The last one's key is
// where the next call goes on; what is written between two calls is seen.
func (x *Index) List(ctx context.Context, filter, after string, limit int) ([]Listed, error) {
	if err := x.begin(); err != nil {
		return nil, err
	}
	defer x.calls.Done()
	return x.store.List(ctx, filter, after, limit)
}
