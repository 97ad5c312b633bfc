package store

import (
	"context"
	"database/sql"
	"fmt"
)

// migrations bring a file from the version of their place to the next. They
// run in one transaction: a file is of the version before or of this one,
// whenever the process is killed.
//
// What a migration changes, a read-only Store must be able to read in both
// forms: it doesn't migrate. A Store of an older program that has the file open
// refuses it from the next transaction on.
var migrations = map[int64]func(ctx context.Context, t *transaction) error{
	1: recordRule,
	2: rewordAll,
}

// recordRule makes version 2: the file says by which rule its model's
// fingerprint was made. That of version 1 was rule 1.
func recordRule(ctx context.Context, t *transaction) error {
	_, err := t.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES ('rule', 1)`)
	return err
}

// rewordAll makes version 3: full text has the wordings of texts, where those
// make a difference.
func rewordAll(ctx context.Context, t *transaction) error {
	different := int64(0)
	for last := int64(0); ; {
		const batch = 1000
		passages, err := t.worded(ctx, last, batch)
		if err != nil {
			return err
		}
		if len(passages) == 0 {
			return nil
		}
		for _, p := range passages {
			last = p.id
			original := p
			if changed, err := p.reword(ctx); err != nil {
				return err
			} else if !changed {
				continue
			}
			// Of what is deleted from it FTS5 never forgets the length: with many,
			// it is better made anew.
			if different++; different > t.state.passages/8 {
				return t.reindexWords(ctx, func(int) {})
			}
			if _, err := t.exec(ctx, `DELETE FROM words WHERE rowid = ?`, p.id); err != nil {
				return err
			}
			if err := t.insertWords(ctx, original); err != nil {
				return err
			}
		}
	}
}

// migrate brings a file of an older version to this one, and gives it the
// fingerprint of the model that it is opened with in place of a former one.
func (s *Store) migrate(ctx context.Context) error {
	return s.begin(ctx, s.writer, "migrate", func(tx *sql.Tx, version int64) error {
		if err := s.inspect(ctx, tx, version); err != nil {
			return err
		}
		for ; version < schemaVersion; version++ {
			t := &transaction{Tx: tx, store: s, version: version}
			if err := t.load(ctx); err != nil {
				return err
			}
			if err := migrations[version](ctx, t); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", schemaVersion)); err != nil {
			return err
		}
		if s.wanted.Dim > 0 {
			for name, value := range map[string]any{"fingerprint": s.wanted.Fingerprint[:], "rule": fingerprintRule} {
				if _, err := tx.ExecContext(ctx, `UPDATE meta SET value = ? WHERE name = ?`, value, name); err != nil {
					return err
				}
			}
		}
		return tx.Commit()
	})
}

// outdated says whether a file is not as this version would write it.
func (s *Store) outdated(version int64) bool {
	return version < schemaVersion || s.wanted.Dim > 0 && s.settings.rule < fingerprintRule
}

// inspect checks that a file is ours, of a version that is known and of the
// model that is wanted, and reads what it was created with.
func (s *Store) inspect(ctx context.Context, tx *sql.Tx, version int64) error {
	application, tables, err := identify(ctx, tx)
	if err != nil {
		return err
	}
	if application != applicationID {
		return s.notOurs(application, tables)
	}
	if err := s.readable(version); err != nil {
		return err
	}
	complaint, err := s.settings.load(ctx, tx, version)
	if err != nil {
		return err
	}
	if complaint != nil {
		return s.corrupt("%v", complaint)
	}
	if have := s.settings.model; s.wanted != (Model{}) && !s.isWanted(have) {
		return fmt.Errorf("store: %s: %w: made with %s, opened with %s", s.path, ErrModel, have, s.wanted)
	}
	var st state
	return st.load(ctx, tx)
}

// readable refuses a file of a version that this program doesn't know.
func (s *Store) readable(version int64) error {
	switch {
	case version > schemaVersion:
		return fmt.Errorf("store: %s: %w: made by a newer version of toller (schema %d, this one knows up to %d): update toller, or index anew",
			s.path, ErrSchema, version, schemaVersion)
	case version < 1:
		return fmt.Errorf("store: %s: %w: schema %d, expected 1 to %d", s.path, ErrSchema, version, schemaVersion)
	}
	return nil
}
