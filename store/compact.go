package store

import (
	"context"
	"fmt"
)

// Compact writes the file anew, as small as it can be: without the space of
// what was deleted, without deleted passages in the candidate index and in the
// counts of full text, without codebooks that nothing uses any more. It needs as much free space as the
// file has, and other writers wait.
func (s *Store) Compact(ctx context.Context, progress Progress) error {
	const stages = 3
	progress.report("compact", 0, stages)
	if err := s.write(ctx, "compact", func(t *transaction) error {
		if t.state.generation > 0 {
			if err := t.rewriteSegments(ctx, fmt.Sprintf(`dead > 0 OR passages < %d`, maxSegment/2)); err != nil {
				return err
			}
		}
		if _, err := t.exec(ctx, `DELETE FROM codebooks WHERE generation NOT IN (SELECT DISTINCT generation FROM codes) AND generation NOT IN (?, ?)`,
			t.state.generation, t.state.building); err != nil {
			return err
		}
		if err := t.reindexWords(ctx, func(done int) { progress.report("full text", done, int(t.state.passages)) }); err != nil {
			return err
		}
		_, err := t.exec(ctx, `INSERT INTO words (words) VALUES ('optimize')`)
		return err
	}); err != nil {
		return err
	}
	for i, statement := range []string{`VACUUM`, `PRAGMA wal_checkpoint(TRUNCATE)`} {
		progress.report("compact", i+1, stages)
		if err := s.retry(ctx, func() error {
			_, err := s.writer.ExecContext(ctx, statement)
			return err
		}); err != nil {
			return s.sqlFailure(ctx, "compact", err)
		}
	}
	progress.report("compact", stages, stages)
	return nil
}
