package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// retry repeats do for as long as another process holds the lock it needs,
// up to the store's waiting time.
func (s *Store) retry(ctx context.Context, do func() error) error {
	deadline := time.Now().Add(s.wait)
	for {
		err := do()
		if code := resultCode(err); err == nil || code&0xff != codeBusy || ctx.Err() != nil || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// begin runs f in a transaction of db that is rolled back unless f commits
// it; version is the file's in it. SQLite's errors out of f are put into words
// here.
func (s *Store) begin(ctx context.Context, db *sql.DB, doing string, f func(tx *sql.Tx, version int64) error) error {
	if s.closed.Load() {
		return fmt.Errorf("store: %s: %s: %w", s.path, doing, ErrClosed)
	}
	var tx *sql.Tx
	var version int64
	err := s.retry(ctx, func() (err error) {
		if tx, err = db.BeginTx(ctx, nil); err != nil {
			return err
		}
		// The first statement takes the snapshot, and may find the file locked
		// by a process that recovers it.
		if err = tx.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil {
			tx.Rollback()
		}
		return err
	})
	if err != nil {
		return s.sqlFailure(ctx, doing, err)
	}
	defer tx.Rollback()
	s.version.Store(version)
	if err := f(tx, version); err != nil {
		if resultCode(err) >= 0 || ctx.Err() != nil {
			return s.sqlFailure(ctx, doing, err)
		}
		return err
	}
	return nil
}

// read runs f in one snapshot.
func (s *Store) read(ctx context.Context, doing string, f func(tx *transaction) error) error {
	return s.begin(ctx, s.readers, doing, func(tx *sql.Tx, version int64) error {
		t := &transaction{Tx: tx, store: s, version: version}
		if err := t.load(ctx); err != nil {
			return err
		}
		return f(t)
	})
}

// write runs f in a transaction that is committed unless f fails.
func (s *Store) write(ctx context.Context, doing string, f func(tx *transaction) error) error {
	if s.readOnly {
		return fmt.Errorf("store: %s: %s: %w", s.path, doing, ErrReadOnly)
	}
	return s.begin(ctx, s.writer, doing, func(tx *sql.Tx, version int64) error {
		t := &transaction{Tx: tx, store: s, version: version}
		if err := t.load(ctx); err != nil {
			return err
		}
		if err := f(t); err != nil {
			return err
		}
		t.state.change++
		if err := t.state.save(ctx, tx); err != nil {
			return err
		}
		return tx.Commit()
	})
}

// transaction is a snapshot of the file, with the counters as they are in it.
type transaction struct {
	*sql.Tx
	store    *Store
	version  int64 // of the file's schema
	state    state
	prepared map[string]*sql.Stmt
}

// load reads the counters. A program of a newer version may have migrated the
// file since it was opened.
func (t *transaction) load(ctx context.Context) error {
	if err := t.store.readable(t.version); err != nil {
		return err
	}
	err := t.state.load(ctx, t.Tx)
	if err == sql.ErrNoRows {
		return t.store.corrupt("no state")
	}
	return err
}

// statement prepares a query once for the life of the transaction.
func (t *transaction) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	if s := t.prepared[query]; s != nil {
		return s, nil
	}
	s, err := t.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if t.prepared == nil {
		t.prepared = map[string]*sql.Stmt{}
	}
	t.prepared[query] = s
	return s, nil
}

// exec runs a statement that is likely to be run again, and returns how many
// rows it changed.
func (t *transaction) exec(ctx context.Context, query string, args ...any) (int64, error) {
	_, n, err := t.run(ctx, query, args)
	return n, err
}

// insert is exec for an INSERT; it returns the id of the new row.
func (t *transaction) insert(ctx context.Context, query string, args ...any) (int64, error) {
	id, _, err := t.run(ctx, query, args)
	return id, err
}

func (t *transaction) run(ctx context.Context, query string, args []any) (id, changed int64, err error) {
	s, err := t.statement(ctx, query)
	if err != nil {
		return 0, 0, err
	}
	result, err := s.ExecContext(ctx, args...)
	if err != nil {
		return 0, 0, err
	}
	if id, err = result.LastInsertId(); err != nil {
		return 0, 0, err
	}
	changed, err = result.RowsAffected()
	return id, changed, err
}

// each runs a query and calls row for every row of its result.
func (t *transaction) each(ctx context.Context, query string, args []any, row func(r *sql.Rows) error) error {
	rows, err := t.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// orNull is a blob, or NULL where there is none: left to themselves, the
// drivers store a nil slice differently.
func orNull(blob []byte) any {
	if blob == nil {
		return nil
	}
	return blob
}

// instant is a time as the file has it: milliseconds since 1970, or NULL.
func instant(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMilli(), Valid: !t.IsZero()}
}
