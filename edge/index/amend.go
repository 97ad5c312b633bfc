package index

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/toller-search/toller/store"
)

// An Amendment is what is said anew of an entry whose title and text stay as they
// are, and which therefore isn't encoded anew.
type Amendment struct {
	Key      string // of the entry
	Rename   string // its key from now on; empty: as it is
	Source   string
	Time     time.Time
	Metadata map[string]any // nil: as it is
	Hash     [32]byte
}

// Amend amends entries, all or none, and returns how many of them there were: a key
// that isn't there is passed over. Entries may change keys with each other; one that
// has a new key, and isn't renamed itself, is deleted.
func (x *Index) Amend(ctx context.Context, amendments []Amendment) (int, error) {
	if err := x.begin(); err != nil {
		return 0, err
	}
	defer x.calls.Done()
	stored := make([]store.Amendment, len(amendments))
	for i, a := range amendments {
		stored[i] = store.Amendment{Key: a.Key, Rename: a.Rename, Source: repair(a.Source), Time: a.Time, Hash: a.Hash}
		if a.Metadata != nil {
			metadata, err := json.Marshal(a.Metadata)
			if err != nil {
				return 0, fmt.Errorf("index: entry %q: metadata: %w", a.Key, err)
			}
			stored[i].Metadata = metadata
		}
	}
	return x.store.Amend(ctx, stored)
}
