package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Report is the result of a Check.
type Report struct {
	Documents, Passages, Tokens int64    // as counted
	Problems                    []string // at most maxProblems
}

// Clean says that nothing is wrong with the file.
func (r *Report) Clean() bool { return len(r.Problems) == 0 }

const maxProblems = 100

// Check reads the whole file and verifies what can be verified: SQLite's own
// integrity check; that rows belong together and counters count them; texts,
// ranges, metadata and hashes; codes against lengths and codebooks; the
// candidate index against the codes; the full text against the texts.
//
// An error means that the check could not be carried out; damage of any kind
// is in the report.
func (s *Store) Check(ctx context.Context, progress Progress) (Report, error) {
	var report Report
	err := s.read(ctx, "check", func(t *transaction) error {
		c := &checker{transaction: t, Report: &report}
		stages := []func(context.Context) error{c.integrity, c.links, c.documents, c.codebooks, c.passages, c.fullText}
		for i, stage := range stages {
			progress.report("check", i, len(stages))
			// Damage may make a stage impossible, but not the next one.
			if err := c.note(ctx, stage(ctx)); err != nil {
				return err
			}
		}
		progress.report("check", len(stages), len(stages))
		return nil
	})
	if errors.Is(err, ErrCorrupt) && ctx.Err() == nil {
		report.Problems = append(report.Problems, err.Error())
		err = nil
	}
	return report, err
}

type checker struct {
	*transaction
	*Report
}

func (c *checker) problem(format string, args ...any) {
	if len(c.Problems) < maxProblems {
		c.Problems = append(c.Problems, fmt.Sprintf(format, args...))
	}
}

// note makes a problem of an error that comes from damage, and returns others.
func (c *checker) note(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return err
	}
	if code := resultCode(err) & 0xff; errors.Is(err, ErrCorrupt) || code == codeCorrupt || code == codeNotADB || code == codeError {
		c.problem("%v", err)
		return nil
	}
	return err
}

// integrity is SQLite's own check, of full text too.
func (c *checker) integrity(ctx context.Context) error {
	// FTS5 looks whether another connection has changed its index when a query
	// starts, but not when its integrity check does, which then takes what this
	// connection remembers of an older index for damage.
	var n int64
	if err := c.QueryRowContext(ctx, `SELECT count(*) FROM words WHERE words MATCH '"a"'`).Scan(&n); err != nil {
		if err := c.note(ctx, err); err != nil {
			return err
		}
	}
	return c.each(ctx, fmt.Sprintf(`PRAGMA integrity_check(%d)`, maxProblems), nil, func(r *sql.Rows) error {
		var message string
		err := r.Scan(&message)
		if err == nil && message != "ok" {
			c.problem("integrity_check: %s", message)
		}
		return err
	})
}

// links checks that rows of one table have theirs in the others, and the
// counters.
func (c *checker) links(ctx context.Context) error {
	for _, rule := range []struct{ what, query string }{
		{"texts without a document", `SELECT count(*) FROM texts WHERE document NOT IN (SELECT id FROM documents)`},
		{"documents without a text", `SELECT count(*) FROM documents WHERE id NOT IN (SELECT document FROM texts)`},
		{"passages without a document", `SELECT count(*) FROM passages WHERE document NOT IN (SELECT id FROM documents)`},
		{"codes without a passage", `SELECT count(*) FROM codes WHERE passage NOT IN (SELECT id FROM passages)`},
		{"passages without a code", `SELECT count(*) FROM passages WHERE id NOT IN (SELECT passage FROM codes)`},
		{"passages of the tail that don't exist", `SELECT count(*) FROM tail WHERE passage NOT IN (SELECT id FROM passages)`},
		{"inverted lists without a segment", `SELECT count(*) FROM postings WHERE segment NOT IN (SELECT id FROM segments)`},
		{"segments of a generation that is neither the index's nor being built", `SELECT count(*) FROM segments, state WHERE segments.generation NOT IN (state.generation, state.building)`},
		{"passages without full text", `SELECT count(*) FROM passages WHERE id NOT IN (SELECT id FROM words_docsize)`},
		{"full text without a passage", `SELECT count(*) FROM words_docsize WHERE id NOT IN (SELECT id FROM passages)`},
	} {
		var n int64
		if err := c.QueryRowContext(ctx, rule.query).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			c.problem("%d %s", n, rule.what)
		}
	}
	if err := c.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM documents), count(*), coalesce(sum(tokens), 0) FROM passages`).
		Scan(&c.Documents, &c.Passages, &c.Tokens); err != nil {
		return err
	}
	if c.state.documents != c.Documents || c.state.passages != c.Passages || c.state.tokens != c.Tokens {
		c.problem("counters say %d documents, %d passages, %d vectors; there are %d, %d, %d",
			c.state.documents, c.state.passages, c.state.tokens, c.Documents, c.Passages, c.Tokens)
	}
	return nil
}

// documents checks what belongs to a document as such.
func (c *checker) documents(ctx context.Context) error {
	var ids []int64
	if err := c.each(ctx, `SELECT id FROM documents ORDER BY id`, nil, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}); err != nil {
		return err
	}
	for _, id := range ids {
		d, err := c.document(ctx, id, false)
		if err := c.note(ctx, err); err != nil {
			return err
		}
		if err == nil && d.Metadata != nil && !json.Valid(d.Metadata) {
			c.problem("document %q: metadata is not JSON", d.Key)
		}
	}
	return nil
}

// codebooks reads every codebook.
func (c *checker) codebooks(ctx context.Context) error {
	var generations []int64
	projections := 0
	if err := c.each(ctx, `SELECT generation FROM codebooks`, nil, func(r *sql.Rows) error {
		var g int64
		err := r.Scan(&g)
		generations = append(generations, g)
		return err
	}); err != nil {
		return err
	}
	for _, g := range generations {
		_, err := c.coderFor(ctx, g)
		if err := c.note(ctx, err); err != nil {
			return err
		}
	}
	if err := c.QueryRowContext(ctx, `SELECT count(DISTINCT coalesce(projection, x'')) FROM codebooks`).Scan(&projections); err != nil {
		return err
	}
	if projections > 1 {
		c.problem("codebooks have %d different projections, expected one", projections)
	}
	return nil
}

// passages walks through codes and candidate index side by side: both are in
// the order of the passages.
func (c *checker) passages(ctx context.Context) error {
	var index *coder
	listed := func() (entry, bool) { return entry{}, false }
	if c.state.generation > 0 {
		var err error
		if index, err = c.coderFor(ctx, c.state.generation); err != nil {
			return err
		}
		if listed, err = c.listed(ctx, index.book.Len()); err != nil {
			return err
		}
	}
	next, more := listed()
	for last := int64(0); ; {
		type row struct {
			id     int64
			tokens int
			from   *coder
			code   []byte
		}
		var rows []row
		const batch = 256
		if err := c.each(ctx, `SELECT c.passage, c.generation, c.code, p.tokens FROM codes c JOIN passages p ON p.id = c.passage
			WHERE c.passage > ? ORDER BY c.passage LIMIT ?`, []any{last, batch}, func(r *sql.Rows) error {
			var generation int64
			var one row
			if err := r.Scan(&one.id, &generation, &one.code, &one.tokens); err != nil {
				return err
			}
			from, err := c.codeCoder(ctx, generation)
			one.from = from
			rows = append(rows, one)
			return c.note(ctx, err)
		}); err != nil {
			return err
		}
		for _, one := range rows {
			last = one.id
			if one.from == nil {
				continue
			}
			tokens, err := one.from.codec.Count(one.code)
			switch {
			case err != nil:
				c.problem("passage %d: %v", one.id, err)
				continue
			case tokens != one.tokens:
				c.problem("passage %d: code of %d vectors, expected %d", one.id, tokens, one.tokens)
			}
			if index == nil {
				continue
			}
			for more && next.id < one.id {
				next, more = listed() // deleted
			}
			if !more || next.id != one.id {
				c.problem("passage %d is not in the candidate index", one.id)
				continue
			}
			cells, err := index.cellsOf(one.from, one.code)
			if err != nil {
				c.problem("passage %d: %v", one.id, err)
			} else if !sameCells(next.cells, cells, one.from.generation == index.generation) {
				c.problem("passage %d: inverted lists don't fit its code", one.id)
			}
		}
		if len(rows) < batch {
			return nil
		}
	}
}

// sameCells compares a passage's cells in the inverted lists with those found
// now. Where they don't follow exactly from the code, a tenth may differ: an
// instruction set that sums in another order may prefer another of two
// centroids that are equally near.
func sameCells(listed, found []uint16, exact bool) bool {
	if exact {
		return slices.Equal(listed, found)
	}
	common := 0
	for _, cell := range found {
		if _, there := slices.BinarySearch(listed, cell); there {
			common++
		}
	}
	different := len(listed) + len(found) - 2*common
	return different <= max(2, len(found)/10)
}

// listed returns a function that yields the entries of the candidate index in
// the order of their passages, one segment in memory at a time.
func (c *checker) listed(ctx context.Context, n int) (func() (entry, bool), error) {
	type row struct {
		id, first, last int64
		passages        int
	}
	var rows []row
	if err := c.each(ctx, `SELECT id, first, last, passages FROM segments WHERE generation = ? ORDER BY first`, []any{c.state.generation}, func(r *sql.Rows) error {
		var one row
		err := r.Scan(&one.id, &one.first, &one.last, &one.passages)
		rows = append(rows, one)
		return err
	}); err != nil {
		return nil, err
	}
	tail, err := c.tail(ctx, -1, n)
	if err != nil {
		return nil, err
	}
	var entries []entry
	end := int64(0)
	return func() (entry, bool) {
		for len(entries) == 0 && len(rows) > 0 {
			one := rows[0]
			rows = rows[1:]
			g, err := c.segment(ctx, one.id, n)
			if err != nil {
				c.problem("%v", err)
				continue
			}
			if one.first != g.ids[0] || one.last != g.ids[len(g.ids)-1] || one.passages != len(g.ids) {
				c.problem("segment %d lists passages %d to %d, expected %d to %d", one.id, g.ids[0], g.ids[len(g.ids)-1], one.first, one.last)
			}
			if g.ids[0] <= end {
				c.problem("segment %d overlaps the one before", one.id)
			}
			end = g.ids[len(g.ids)-1]
			entries = g.entries()
		}
		if len(entries) == 0 {
			if len(tail) > 0 && tail[0].id <= end {
				c.problem("passage %d is both in a segment and in the tail", tail[0].id)
			}
			entries, tail = tail, nil
			if len(entries) == 0 {
				return entry{}, false
			}
		}
		next := entries[0]
		entries = entries[1:]
		return next, true
	}, nil
}
