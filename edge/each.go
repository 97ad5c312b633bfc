package edge

import "context"

// EncodeEach encodes texts as documents and hands each to emit with its place
// among them, as soon as it is encoded: in any order, from several goroutines at
// once. Unlike [Model.EncodeDocuments] it keeps none. The first error of emit
// ends the work and is returned, as is the context's end. emit must not close the
// model: that waits for it.
func (m *Model) EncodeEach(ctx context.Context, texts []string, emit func(i int, d *Document) error, opts ...EncodeOption) error {
	var c call
	for _, opt := range opts {
		opt.encode(&c)
	}
	if err := m.begin(); err != nil {
		return err
	}
	defer m.calls.Done()
	return m.encodeEach(ctx, texts, c, emit)
}
