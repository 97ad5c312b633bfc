package index

import "context"

// Fields returns the names of the fields that entries have in their metadata, those that
// most of them have first.
func (x *Index) Fields(ctx context.Context) ([]string, error) {
	if err := x.begin(); err != nil {
		return nil, err
	}
	defer x.calls.Done()
	return x.store.Fields(ctx)
}

// MissingFields returns those fields that a filter, as for [Where], asks for and no
// entry has. A condition on such a field is legal and false, and most likely a slip.
func (x *Index) MissingFields(ctx context.Context, filter string) ([]string, error) {
	if err := x.begin(); err != nil {
		return nil, err
	}
	defer x.calls.Done()
	return x.store.MissingFields(ctx, filter)
}
