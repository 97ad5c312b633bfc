package store

import (
	"context"
	"database/sql"
	"hash/fnv"
	"maps"
	"slices"
)

// fullText indexes the texts anew, some passages at a time, in a database in
// memory, and compares which words each passage has.
func (c *checker) fullText(ctx context.Context) error {
	stored, err := vocabulary(ctx, c.Tx)
	if err != nil {
		return err
	}
	memory := sql.OpenDB(&connector{name: "file::memory:"})
	defer memory.Close()
	memory.SetMaxOpenConns(1)

	for last := int64(0); ; {
		const batch = 1000
		passages, err := c.worded(ctx, last, batch)
		if err != nil {
			return err
		}
		if len(passages) == 0 {
			break
		}
		fresh, err := c.freshVocabulary(ctx, memory, passages)
		if err != nil {
			return err
		}
		for _, p := range passages {
			if stored[p.id] != fresh[p.id] {
				c.problem("passage %d: full text doesn't fit its text", p.id)
			}
			delete(stored, p.id)
			last = p.id
		}
	}
	for _, id := range slices.Sorted(maps.Keys(stored)) {
		c.problem("full text has words of passage %d, which doesn't exist", id)
	}
	return nil
}

// freshVocabulary indexes passages in an otherwise empty table.
func (c *checker) freshVocabulary(ctx context.Context, memory *sql.DB, passages []worded) (map[int64]uint64, error) {
	tx, err := memory.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, wordsTable); err != nil {
		return nil, err
	}
	insert, err := tx.PrepareContext(ctx, insertWords)
	if err != nil {
		return nil, err
	}
	for _, p := range passages {
		if c.version >= wordingVersion {
			if _, err := p.reword(ctx); err != nil {
				return nil, err
			}
		}
		if _, err := insert.ExecContext(ctx, p.id, p.title, p.heading, p.body); err != nil {
			return nil, err
		}
	}
	return vocabulary(ctx, tx)
}

// vocabulary is a sum over the words of each passage, which doesn't depend on
// their order.
func vocabulary(ctx context.Context, tx *sql.Tx) (map[int64]uint64, error) {
	if _, err := tx.ExecContext(ctx, `CREATE VIRTUAL TABLE temp.instances USING fts5vocab('main', 'words', 'instance')`); err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT term, doc, col FROM temp.instances`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	sums := map[int64]uint64{}
	for rows.Next() {
		var term, column sql.RawBytes
		var passage int64
		if err := rows.Scan(&term, &passage, &column); err != nil {
			return nil, err
		}
		h := fnv.New64a()
		h.Write(column)
		h.Write([]byte{0})
		h.Write(term)
		sums[passage] += h.Sum64()
	}
	return sums, rows.Err()
}
