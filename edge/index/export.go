package index

import (
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/toller-search/toller/store"
)

// Exported is an entry with its passages and their vectors, as they are stored.
type Exported struct {
	Entry
	Model    Origin // that made the vectors
	Passages []Passage
}

// Export calls yield with the entries that meet a filter, all if it is empty,
// in the order in which they were added, until yield returns false. What is
// written meanwhile isn't seen. yield must not call methods of the index.
func (x *Index) Export(ctx context.Context, filter string, yield func(*Exported) bool) error {
	stat, err := x.Stat(ctx)
	if err != nil {
		return err
	}
	return x.walk(ctx, store.Selection{Filter: filter, Vectors: true}, func(d *store.Document, e *Entry) bool {
		return yield(&Exported{Entry: *e, Model: stat.Model, Passages: d.Passages})
	})
}

// Import stores entries with the vectors that they come with, in one
// transaction: it adds those whose keys are new and replaces the others.
// Nothing is encoded, and the index needs no model. Vectors of another model
// than the index's are refused with [ErrModel] and both names.
//
// Vectors in fp32, fp16 and int8 come back from an index of the same codec as
// they were. Those of centroids and residuals do until the first training;
// afterwards they are encoded anew, with the centroids of the index that takes
// them in, and lose a little precision once more.
func (x *Index) Import(ctx context.Context, entries []Exported) error {
	if err := x.begin(); err != nil {
		return err
	}
	defer x.calls.Done()
	stat, err := x.store.Stat(ctx)
	if err != nil {
		return err
	}
	documents := make([]store.Document, len(entries))
	for i := range entries {
		e := &entries[i]
		if !x.same(e.Model, stat.Model) {
			return fmt.Errorf("index: %s: entry %q: %w: expected vectors of %s, found those of %s",
				x.path, e.Key, ErrModel, stat.Model, e.Model)
		}
		if !utf8.ValidString(e.Text) {
			return fmt.Errorf("index: entry %q: expected a text in UTF-8, which passages refer to", e.Key)
		}
		if documents[i], err = e.document(); err != nil {
			return err
		}
		documents[i].Passages = e.Passages
	}
	_, err = x.store.Put(ctx, documents)
	return err
}

// same says whether vectors of one model are those of the other, or of the index's
// model as an earlier version knew it. Names don't matter.
func (x *Index) same(made, have Origin) bool {
	known := made.Fingerprint == have.Fingerprint || slices.Contains(x.former, made.Fingerprint)
	return known && made.Dim == have.Dim
}
