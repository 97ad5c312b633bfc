package store

import (
	"context"
	"database/sql"
)

// state is the row of counters that every transaction reads first.
type state struct {
	change     int64 // grows with every transaction
	generation int64 // codebook of the candidate index, 0: none
	building   int64 // codebook that is replacing it, 0: none
	documents  int64
	passages   int64
	tokens     int64
	trained    int64 // tokens at the last training
}

func (s *state) load(ctx context.Context, tx *sql.Tx) error {
	return tx.QueryRowContext(ctx, `SELECT change, generation, building, documents, passages, tokens, trained FROM state`).
		Scan(&s.change, &s.generation, &s.building, &s.documents, &s.passages, &s.tokens, &s.trained)
}

func (s *state) save(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `UPDATE state SET change = ?, generation = ?, building = ?, documents = ?, passages = ?, tokens = ?, trained = ?`,
		s.change, s.generation, s.building, s.documents, s.passages, s.tokens, s.trained)
	return err
}
