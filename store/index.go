package store

import (
	"context"
	"database/sql"
	"slices"
)

// index is the candidate index in memory, as it was at one change of the
// file. It doesn't change; a newer one shares the segments that stayed.
type index struct {
	change   int64
	coder    *coder // whose centroids these are
	segments []*segment
	tail     []entry
	inverted *segment // the tail as a segment, nil when it is empty
	counts   []uint32 // [centroids] passages in each list
	ids      []int64  // passages of all segments and of the tail, ascending
}

// all calls f with each segment, the tail's last, and the number of passages
// before it.
func (x *index) all(f func(base int, g *segment)) {
	base := 0
	for _, g := range x.segments {
		f(base, g)
		base += len(g.ids)
	}
	if x.inverted != nil {
		f(base, x.inverted)
	}
}

// index returns the candidate index of the transaction's snapshot, nil before
// the first training.
func (t *transaction) index(ctx context.Context) (*index, error) {
	if t.state.generation == 0 {
		return nil, nil
	}
	s := t.store
	s.mu.Lock()
	known := s.current
	s.mu.Unlock()
	if known != nil && known.change == t.state.change {
		return known, nil
	}
	x, err := t.loadIndex(ctx, known)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil || s.current.change < x.change {
		s.current = x
	}
	return x, nil
}

// loadIndex reads what known doesn't have.
func (t *transaction) loadIndex(ctx context.Context, known *index) (*index, error) {
	c, err := t.coderFor(ctx, t.state.generation)
	if err != nil {
		return nil, err
	}
	n := c.book.Len()
	x := &index{change: t.state.change, coder: c}
	if known != nil && known.coder.generation != c.generation {
		known = nil
	}
	if x.segments, err = t.segments(ctx, c.generation, n, known); err != nil {
		return nil, err
	}
	last := int64(0)
	for _, g := range x.segments {
		if g.ids[0] <= last {
			return nil, t.store.corrupt("segment %d overlaps the one before", g.row)
		}
		last = g.ids[len(g.ids)-1]
	}

	// Passages of the tail never change; those that were deleted are harmless.
	if known != nil && slices.EqualFunc(known.segments, x.segments, func(a, b *segment) bool { return a.row == b.row }) && known.change < x.change {
		x.tail = known.tail[:len(known.tail):len(known.tail)]
		if len(x.tail) > 0 {
			last = x.tail[len(x.tail)-1].id
		}
	}
	fresh, err := t.tail(ctx, last, n)
	if err != nil {
		return nil, err
	}
	x.tail = append(x.tail, fresh...)
	if len(x.tail) > maxSlots {
		if x.tail, err = t.tail(ctx, -1, n); err != nil {
			return nil, err
		}
		if len(x.tail) > maxSlots {
			return nil, t.store.corrupt("%d passages outside the segments, expected at most %d", len(x.tail), maxSlots)
		}
	}
	if len(x.tail) > 0 {
		x.inverted = newSegment(x.tail, n)
	}

	x.counts = make([]uint32, n)
	x.all(func(_ int, g *segment) {
		x.ids = append(x.ids, g.ids...)
		for c := range n {
			x.counts[c] += g.starts[c+1] - g.starts[c]
		}
	})
	return x, nil
}

// segments reads the segments of a generation in the order of their passages,
// other than those that known has.
func (t *transaction) segments(ctx context.Context, generation int64, n int, known *index) ([]*segment, error) {
	loaded := map[int64]*segment{}
	if known != nil {
		for _, g := range known.segments {
			loaded[g.row] = g
		}
	}
	var segments []*segment
	var missing []int
	if err := t.each(ctx, `SELECT id FROM segments WHERE generation = ? ORDER BY first`, []any{generation}, func(r *sql.Rows) error {
		var row int64
		if err := r.Scan(&row); err != nil {
			return err
		}
		g := loaded[row]
		if g == nil {
			g = &segment{row: row}
			missing = append(missing, len(segments))
		}
		segments = append(segments, g)
		return nil
	}); err != nil {
		return nil, err
	}
	for _, i := range missing {
		g, err := t.segment(ctx, segments[i].row, n)
		if err != nil {
			return nil, err
		}
		segments[i] = g
	}
	return segments, nil
}

// segment reads one segment.
func (t *transaction) segment(ctx context.Context, row int64, n int) (*segment, error) {
	s, err := t.statement(ctx, `SELECT lists FROM postings WHERE segment = ?`)
	if err != nil {
		return nil, err
	}
	var g *segment
	rows, err := s.QueryContext(ctx, row)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var lists sql.RawBytes
		if err := rows.Scan(&lists); err != nil {
			return nil, err
		}
		if g, err = parseSegment(row, lists, n); err != nil {
			return nil, t.store.corrupt("segment %d: %v", row, err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if g == nil {
		return nil, t.store.corrupt("segment %d has no inverted lists", row)
	}
	return g, nil
}

// tail reads the passages outside the segments whose ids are above last.
func (t *transaction) tail(ctx context.Context, last int64, n int) ([]entry, error) {
	var tail []entry
	err := t.each(ctx, `SELECT passage, cells FROM tail WHERE passage > ? ORDER BY passage`, []any{last}, func(r *sql.Rows) error {
		var e entry
		var packed sql.RawBytes
		if err := r.Scan(&e.id, &packed); err != nil {
			return err
		}
		var err error
		if e.cells, err = unpackCells(packed, n); err != nil {
			return t.store.corrupt("passage %d: %v", e.id, err)
		}
		tail = append(tail, e)
		return nil
	})
	return tail, err
}
