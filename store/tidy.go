package store

import (
	"context"
	"database/sql"
	"slices"
)

// tidy keeps the candidate index in shape within the transaction that changed
// it: a full tail becomes segments, a segment that lost more than a quarter of
// its passages is written anew. Its cost is in proportion to what was added or
// deleted since the last time.
func (t *transaction) tidy(ctx context.Context) error {
	if t.state.generation == 0 {
		return nil
	}
	if err := t.mergeTail(ctx); err != nil {
		return err
	}
	return t.rewriteSegments(ctx, `dead * 4 > passages`)
}

// mergeTail makes segments of the tail when it holds more than one would.
func (t *transaction) mergeTail(ctx context.Context) error {
	var count int
	if err := t.QueryRowContext(ctx, `SELECT count(*) FROM tail`).Scan(&count); err != nil {
		return err
	}
	if count <= maxSegment {
		return nil
	}
	c, err := t.coderFor(ctx, t.state.generation)
	if err != nil {
		return err
	}
	entries, err := t.tail(ctx, -1, c.book.Len())
	if err != nil {
		return err
	}
	for len(entries) >= maxSegment {
		full := entries[:maxSegment]
		entries = entries[maxSegment:]
		if err := t.putSegment(ctx, c, full); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `DELETE FROM tail WHERE passage <= ?`, full[len(full)-1].id); err != nil {
			return err
		}
	}
	return nil
}

// putSegment writes a segment.
func (t *transaction) putSegment(ctx context.Context, c *coder, entries []entry) error {
	row, err := t.insert(ctx, `INSERT INTO segments (generation, first, last, passages, dead) VALUES (?, ?, ?, ?, 0)`,
		c.generation, entries[0].id, entries[len(entries)-1].id, len(entries))
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, `INSERT INTO postings (segment, lists) VALUES (?, ?)`, row, newSegment(entries, c.book.Len()).marshal())
	return err
}

func (t *transaction) deleteSegment(ctx context.Context, row int64) error {
	for _, statement := range []string{`DELETE FROM postings WHERE segment = ?`, `DELETE FROM segments WHERE id = ?`} {
		if _, err := t.exec(ctx, statement, row); err != nil {
			return err
		}
	}
	return nil
}

// rewriteSegments writes those of the index's segments anew for which the SQL
// condition holds, without their deleted passages, and joins each with the one
// behind it as long as they fit into one.
func (t *transaction) rewriteSegments(ctx context.Context, condition string) error {
	type row struct {
		id   int64
		live int
	}
	var rows []row
	var affected []int
	if err := t.each(ctx, `SELECT id, passages - dead, `+condition+` FROM segments WHERE generation = ? ORDER BY first`,
		[]any{t.state.generation}, func(r *sql.Rows) error {
			var g row
			var matches bool
			if err := r.Scan(&g.id, &g.live, &matches); err != nil {
				return err
			}
			if matches {
				affected = append(affected, len(rows))
			}
			rows = append(rows, g)
			return nil
		}); err != nil || len(affected) == 0 {
		return err
	}
	c, err := t.coderFor(ctx, t.state.generation)
	if err != nil {
		return err
	}
	done := 0
	for _, i := range affected {
		if i < done {
			continue // joined with one before
		}
		var live []entry
		for done = i; done < len(rows) && (done == i || len(live)+rows[done].live <= maxSegment); done++ {
			entries, err := t.liveEntries(ctx, rows[done].id, c.book.Len())
			if err != nil {
				return err
			}
			live = append(live, entries...)
			if err := t.deleteSegment(ctx, rows[done].id); err != nil {
				return err
			}
		}
		if len(live) > maxSegment {
			return t.store.corrupt("segment %d has more passages than its row says", rows[i].id)
		}
		if len(live) == 0 {
			continue
		}
		if err := t.putSegment(ctx, c, live); err != nil {
			return err
		}
	}
	return nil
}

// liveEntries is the passages of a segment that have not been deleted.
func (t *transaction) liveEntries(ctx context.Context, row int64, n int) ([]entry, error) {
	g, err := t.segment(ctx, row, n)
	if err != nil {
		return nil, err
	}
	live := map[int64]bool{}
	if err := t.each(ctx, `SELECT id FROM passages WHERE id BETWEEN ? AND ?`, []any{g.ids[0], g.ids[len(g.ids)-1]}, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		live[id] = true
		return err
	}); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(g.entries(), func(e entry) bool { return !live[e.id] }), nil
}
