package store

import (
	"context"
	"database/sql"
	"fmt"
	"unicode/utf8"
)

// notePrefix is what notes are called by in the table meta. Versions of this package
// that know no notes look there for the names that they know, and keep the others.
const notePrefix = "note:"

const (
	maxNoteName = 16 << 10 // bytes
	maxNote     = 64 << 10
)

// Notes returns the notes whose names begin with prefix, by name. A note is a text that
// whoever keeps a file up to date has left there for himself: what belongs to the file
// as a whole, or to something that didn't become a document.
func (s *Store) Notes(ctx context.Context, prefix string) (map[string]string, error) {
	notes := map[string]string{}
	from := notePrefix + prefix
	err := s.read(ctx, "read notes", func(t *transaction) error {
		return t.each(ctx, `SELECT substr(name, ?), value FROM meta WHERE name >= ? AND substr(name, 1, ?) = ? AND typeof(value) = 'text'`,
			[]any{len(notePrefix) + 1, from, utf8.RuneCountInString(from), from}, func(r *sql.Rows) error {
				var name, text string
				err := r.Scan(&name, &text)
				notes[name] = text
				return err
			})
	})
	if err != nil {
		return nil, err
	}
	return notes, nil
}

// SetNotes writes notes, by name, in one transaction; an empty text removes one.
func (s *Store) SetNotes(ctx context.Context, notes map[string]string) error {
	for name, text := range notes {
		switch {
		case name == "" || len(name) > maxNoteName || !utf8.ValidString(name):
			return fmt.Errorf("store: note %.100q: expected a name of 1 to %d bytes in UTF-8, found %d", name, maxNoteName, len(name))
		case len(text) > maxNote || !utf8.ValidString(text):
			return fmt.Errorf("store: note %.100q: expected at most %d bytes in UTF-8, found %d", name, maxNote, len(text))
		}
	}
	if len(notes) == 0 {
		return nil
	}
	return s.write(ctx, "write notes", func(t *transaction) error {
		for name, text := range notes {
			query, args := `DELETE FROM meta WHERE name = ?`, []any{notePrefix + name}
			if text != "" {
				query, args = `INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)`, append(args, text)
			}
			if _, err := t.exec(ctx, query, args...); err != nil {
				return err
			}
		}
		return nil
	})
}
