package store

import (
	"context"
	"database/sql"

	"github.com/toller-search/toller/store/codec"
)

// Stat is what a file holds and how it was made.
type Stat struct {
	Path   string
	Driver string
	Model  Model
	Codec  codec.Kind
	Dims   int // dimensions of the projection, 0: none
	Pool   int

	Documents, Passages, Tokens int64

	Trained   bool  // there is a candidate index
	Training  bool  // a training is under way, or was cut off and waits for the next write
	Centroids int   // of the index, 0 before the first training
	Segments  int   // of the index
	Tail      int64 // passages outside the segments
	Dead      int64 // deleted passages that segments still list
	Codebooks int   // that codes or the index use, or did before Compact

	FileBytes int64 // of the file
	LogBytes  int64 // of its write-ahead log

	// Trouble is why the training after the last write of this Store failed, nil
	// when it didn't. What was written is safe; the next write tries again.
	Trouble error
}

// Stat describes the file.
func (s *Store) Stat(ctx context.Context) (Stat, error) {
	stat := Stat{
		Path: s.path, Driver: Driver,
		Model: s.settings.model, Codec: s.settings.kind, Dims: s.settings.dims, Pool: s.settings.pool,
	}
	err := s.read(ctx, "stat", func(t *transaction) error {
		stat.Documents, stat.Passages, stat.Tokens = t.state.documents, t.state.passages, t.state.tokens
		stat.Trained, stat.Training = t.state.generation > 0, t.state.building > 0
		if stat.Trained {
			c, err := t.coderFor(ctx, t.state.generation)
			if err != nil {
				return err
			}
			stat.Centroids = c.book.Len()
		}
		for _, count := range []struct {
			query string
			into  any
		}{
			{`SELECT count(*) FROM segments`, &stat.Segments},
			{`SELECT coalesce(sum(dead), 0) FROM segments`, &stat.Dead},
			{`SELECT count(*) FROM tail`, &stat.Tail},
			{`SELECT count(*) FROM codebooks`, &stat.Codebooks},
		} {
			if err := t.QueryRowContext(ctx, count.query).Scan(count.into); err != nil && err != sql.ErrNoRows {
				return err
			}
		}
		return nil
	})
	if size, statErr := fileSize(s.path); statErr == nil {
		stat.FileBytes = size
	}
	if size, statErr := fileSize(s.path + "-wal"); statErr == nil {
		stat.LogBytes = size
	}
	s.mu.Lock()
	stat.Trouble = s.trouble
	s.mu.Unlock()
	return stat, err
}
