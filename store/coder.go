package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/toller-search/toller/store/codec"
)

// coder turns vectors into codes of one generation and back.
//
// Generation 0 is the codes of before the first training: the final form
// where that needs none, otherwise fp16 vectors as they came. A generation
// above 0 has a codebook, which is both the candidate index's and, for staged
// kinds, the codes'.
type coder struct {
	generation int64
	codec      *codec.Codec      // nil when codes never take this generation
	kind       codec.Kind        // of codec
	book       *codec.Codebook   // nil in generation 0
	projection *codec.Projection // nil: codes have the model's dimensions
	bookBytes  int
}

// staging is the coder of generation 0.
func (s *settings) staging() (*coder, error) {
	c := &coder{kind: s.kind}
	if s.staged() {
		c.kind = codec.FP16
	}
	var err error
	c.codec, err = codec.New(c.kind, s.model.Dim, nil)
	return c, err
}

// trained is the coder of a generation with a codebook.
func (s *settings) trained(generation int64, book, projection []byte) (*coder, error) {
	c := &coder{generation: generation, kind: s.kind, bookBytes: len(book)}
	var err error
	if c.book, err = codec.ParseCodebook(book); err != nil {
		return nil, err
	}
	if c.book.Dim() != s.final() {
		return nil, fmt.Errorf("codebook of %d dimensions, expected %d", c.book.Dim(), s.final())
	}
	if (projection != nil) != (s.dims > 0) {
		return nil, fmt.Errorf("projection present: %t, expected %t", projection != nil, s.dims > 0)
	}
	if projection != nil {
		if c.projection, err = codec.ParseProjection(projection); err != nil {
			return nil, err
		}
		if from, to := c.projection.Dims(); from != s.model.Dim || to != s.dims {
			return nil, fmt.Errorf("projection from %d to %d dimensions, expected %d to %d", from, to, s.model.Dim, s.dims)
		}
	}
	if !s.staged() {
		return c, nil
	}
	var codes *codec.Codebook
	if s.kind.Trained() {
		codes = c.book
	}
	c.codec, err = codec.New(s.kind, s.final(), codes)
	return c, err
}

// project is vectors of the model in the form that c's codes have.
func (c *coder) project(vectors []float32) []float32 {
	if c.projection == nil {
		return vectors
	}
	return c.projection.Apply(vectors)
}

// cells is the distinct centroids of c's codebook that the vectors are nearest
// to, ascending. vectors are projected already.
func (c *coder) cells(vectors []float32) []uint16 {
	ids := make([]uint16, len(vectors)/c.book.Dim())
	c.book.Assign(ids, vectors)
	return distinct(ids)
}

// cellsOf is the same of a code that from made, without decoding where the
// code itself names the centroids.
func (c *coder) cellsOf(from *coder, code []byte) ([]uint16, error) {
	if from.generation == c.generation && c.kind.Trained() {
		if _, err := c.codec.Count(code); err != nil {
			return nil, err
		}
		return distinct(c.codec.Cells(code)), nil
	}
	vectors, err := c.vectorsOf(from, code)
	if err != nil {
		return nil, err
	}
	return c.cells(vectors), nil
}

// vectorsOf decodes a code that from made and brings it into the form that c's
// codes have.
func (c *coder) vectorsOf(from *coder, code []byte) ([]float32, error) {
	vectors, err := from.codec.Decode(nil, code)
	if err != nil || from.projection != nil {
		return vectors, err
	}
	return c.project(vectors), nil
}

// coderFor returns the coder of a generation, which is read once: codebooks
// never change and their numbers never come back.
func (t *transaction) coderFor(ctx context.Context, generation int64) (*coder, error) {
	s := t.store
	s.mu.Lock()
	c := s.coders[generation]
	s.mu.Unlock()
	if c != nil {
		return c, nil
	}
	var err error
	if generation == 0 {
		c, err = s.settings.staging()
	} else {
		var book, projection []byte
		err = t.QueryRowContext(ctx, `SELECT book, projection FROM codebooks WHERE generation = ?`, generation).Scan(&book, &projection)
		if err == sql.ErrNoRows {
			return nil, s.corrupt("there is no codebook %d", generation)
		}
		if err != nil {
			return nil, err
		}
		c, err = s.settings.trained(generation, book, projection)
	}
	if err != nil {
		return nil, s.corrupt("codebook %d: %v", generation, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.coders[generation]; known != nil {
		return known, nil
	}
	s.coders[generation] = c
	return c, nil
}

// coders returns the coder for new codes and that of the candidate index, nil
// when there is no index yet.
func (t *transaction) coders(ctx context.Context) (codes, cells *coder, err error) {
	if t.state.generation > 0 {
		if cells, err = t.coderFor(ctx, t.state.generation); err != nil {
			return nil, nil, err
		}
		if cells.codec != nil {
			return cells, cells, nil
		}
	}
	codes, err = t.coderFor(ctx, 0)
	return codes, cells, err
}
