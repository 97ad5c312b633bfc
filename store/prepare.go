package store

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
)

// prepared is a document in the form in which it is stored. It is made before
// the transaction starts, so that the file is locked only for writing.
type prepared struct {
	*Document
	text     []byte
	passages []preparedPassage
}

type preparedPassage struct {
	tokens   int
	code     []byte
	cells    []byte // nil: no candidate index yet
	clusters []byte
}

// prepare encodes the documents for the given coders.
func (s *Store) prepare(ctx context.Context, documents []Document, codes, cells *coder) ([]prepared, error) {
	all := make([]prepared, len(documents))
	type unit struct{ document, passage int }
	var units []unit
	for i := range documents {
		all[i] = prepared{Document: &documents[i], passages: make([]preparedPassage, len(documents[i].Passages))}
		units = append(units, unit{i, -1})
		for j := range documents[i].Passages {
			units = append(units, unit{i, j})
		}
	}
	group, ctx := s.parallel(ctx)
	for _, u := range units {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			p := &all[u.document]
			var err error
			if u.passage < 0 {
				p.text, err = packText(p.Text)
			} else {
				p.passages[u.passage], err = s.preparePassage(&p.Passages[u.passage], codes, cells)
			}
			if err != nil {
				return fmt.Errorf("store: document %q: %w", p.Key, err)
			}
			return nil
		})
	}
	return all, group.Wait()
}

// parallel is a group that works on the store's number of threads, until the
// first error, which ends its context.
func (s *Store) parallel(ctx context.Context) (*errgroup.Group, context.Context) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(s.threads)
	return group, ctx
}

func (s *Store) preparePassage(p *Passage, codes, cells *coder) (preparedPassage, error) {
	out := preparedPassage{tokens: len(p.Vectors) / s.settings.model.Dim, clusters: packClusters(p.Clusters)}
	var err error
	if out.code, err = codes.codec.Encode(codes.project(p.Vectors)); err != nil || cells == nil {
		return out, err
	}
	// The cells are those of what is stored, which Check can find again.
	found, err := cells.cellsOf(codes, out.code)
	out.cells = packCells(found)
	return out, err
}
