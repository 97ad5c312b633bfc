package store

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
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
	err := s.parallel(ctx, len(units), func(i int) error {
		u := units[i]
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
	return all, err
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

// parallel calls do for 0 to n−1 on the store's number of threads. It returns
// the first error, or the context's.
func (s *Store) parallel(ctx context.Context, n int, do func(i int) error) error {
	threads := min(s.threads, n)
	if threads <= 1 {
		for i := range n {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := do(i); err != nil {
				return err
			}
		}
		return nil
	}
	var next atomic.Int64
	var group sync.WaitGroup
	errs := make([]error, threads)
	for t := range threads {
		group.Go(func() {
			for errs[t] == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if errs[t] = ctx.Err(); errs[t] == nil {
					errs[t] = do(i)
				}
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
