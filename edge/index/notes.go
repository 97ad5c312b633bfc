package index

import "context"

// Notes returns the notes whose names begin with prefix, by name: texts beside the
// entries that a program keeps in the file for itself, as package mirror does for the
// files that it skips. Neither searches nor exports know of them.
func (x *Index) Notes(ctx context.Context, prefix string) (map[string]string, error) {
	if err := x.begin(); err != nil {
		return nil, err
	}
	defer x.calls.Done()
	return x.store.Notes(ctx, prefix)
}

// SetNotes writes notes, by name, all or none; an empty text removes one.
func (x *Index) SetNotes(ctx context.Context, notes map[string]string) error {
	if err := x.begin(); err != nil {
		return err
	}
	defer x.calls.Done()
	return x.store.SetNotes(ctx, notes)
}
