package edge

import (
	"context"
	"errors"
	"fmt"

	"github.com/toller-search/toller/edge/internal/await"
)

// ErrMismatch is returned by [Model.Attach] for vectors that can't be those of
// the text.
var ErrMismatch = errors.New("the vectors are not those of the text")

// Attach returns the document that a text was encoded as, from its vectors as
// they were kept elsewhere, [n, Dim] row-major, so that it can be explained
// again without being encoded again. clusters, where the vectors were pooled, is
// what [Document.Clusters] gave: for each token its vector; otherwise nil. Of the
// options, [MaxTokens] must be the one that the text was encoded with.
//
// Only the number of vectors can be compared with the text: [ErrMismatch] says
// that it is another, as when the text has changed or the vectors have other
// dimensions than the model's. The vectors are kept, not copied.
func (m *Model) Attach(ctx context.Context, text string, vectors []float32, clusters []uint32, opts ...EncodeOption) (*Document, error) {
	var c call
	for _, opt := range opts {
		opt.encode(&c)
	}
	length, err := m.documentLength(c)
	if err != nil {
		return nil, err
	}
	if err := m.begin(); err != nil {
		return nil, err
	}
	defer m.calls.Done()
	var s *sequence
	var bad error
	if err := await.Done(ctx, func() { s, bad = m.documents.prepare(text, length) }); err != nil {
		return nil, err
	}
	if bad != nil {
		return nil, fmt.Errorf("edge: document: %w", bad)
	}
	v := m.withoutVectors(s)
	if err := v.attach(vectors, clusters); err != nil {
		return nil, fmt.Errorf("edge: document: %w: %w", ErrMismatch, err)
	}
	return &Document{v}, nil
}

// attach gives v, which has tokens only, its vectors.
func (v *vectors) attach(data []float32, clusters []uint32) error {
	n := len(data) / v.dim
	if len(data)%v.dim != 0 {
		return fmt.Errorf("expected a multiple of %d components, found %d", v.dim, len(data))
	}
	if clusters == nil {
		if n != len(v.tokens) {
			return fmt.Errorf("expected a vector for each of %d tokens, found %d", len(v.tokens), n)
		}
		v.data = data
		return nil
	}
	if len(clusters) != len(v.tokens) {
		return fmt.Errorf("expected the vector of each of %d tokens, found those of %d", len(v.tokens), len(clusters))
	}
	members := make([]int, n)
	for token, c := range clusters {
		if int64(c) >= int64(n) {
			return fmt.Errorf("token %d: expected one of %d vectors, found %d", token, n, c)
		}
		members[c]++
	}
	for i, count := range members {
		if count == 0 {
			return fmt.Errorf("vector %d: expected one or more tokens, found none", i)
		}
	}
	*v = v.grouped(data, clusters)
	return nil
}
