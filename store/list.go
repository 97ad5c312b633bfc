package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Listed is what a document is known by.
type Listed struct {
	Key    string
	Title  string
	Source string
	Time   time.Time // zero: none
}

// List returns the documents that meet a filter, all if it is empty, without
// reading their texts: in the order of their keys' bytes, from the first that
// comes after the key named, and at most limit of them. The last one's key is
// where the next call goes on.
func (s *Store) List(ctx context.Context, filter, after string, limit int) ([]Listed, error) {
	if limit < 1 {
		return nil, fmt.Errorf("store: list of %d documents, expected 1 or more", limit)
	}
	where, err := parseFilter(filter)
	if err != nil {
		return nil, err
	}
	condition, args := where.SQL()
	var list []Listed
	err = s.read(ctx, "list", func(t *transaction) error {
		list = nil // of an attempt before
		query := `SELECT d.key, d.title, d.source, d.time FROM documents d WHERE d.key > ? AND (` + condition + `) ORDER BY d.key LIMIT ?`
		return t.each(ctx, query, append(append([]any{after}, args...), limit), func(r *sql.Rows) error {
			var one Listed
			var moment sql.NullInt64
			if err := r.Scan(&one.Key, &one.Title, &one.Source, &moment); err != nil {
				return err
			}
			if moment.Valid {
				one.Time = time.UnixMilli(moment.Int64)
			}
			list = append(list, one)
			return nil
		})
	})
	return list, err
}
