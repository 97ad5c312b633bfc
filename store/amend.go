package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Amendment is what is said anew of a document whose text, title and passages
// stay as they are.
type Amendment struct {
	Key      string // of the document
	Rename   string // its key from now on; empty: as it is
	Source   string
	Time     time.Time       // zero: none
	Metadata json.RawMessage // nil: as it is
	Hash     [32]byte
}

func (a *Amendment) newKey() string {
	if a.Rename != "" {
		return a.Rename
	}
	return a.Key
}

// Amend amends documents in one transaction, and returns how many of them there
// were: a key that isn't there is passed over. All are renamed at once, so that two
// may change keys with each other; a document that has one of the new keys, and isn't
// renamed itself, is deleted.
func (s *Store) Amend(ctx context.Context, amendments []Amendment) (int, error) {
	for _, a := range amendments {
		d := Document{Key: a.newKey(), Source: a.Source, Metadata: a.Metadata}
		if err := d.validate(s.settings.model.Dim); err != nil {
			return 0, err
		}
	}
	if len(amendments) == 0 {
		return 0, nil
	}
	amended := 0
	err := s.change(ctx, "amend", func(t *transaction) error {
		ids := make([]int64, len(amendments))
		for i, a := range amendments {
			var err error
			if ids[i], err = t.documentID(ctx, a.Key); err != nil {
				return err
			}
		}
		// Keys are unique at every moment: those that are given up are out of the
		// way before others take them.
		for i, a := range amendments {
			if ids[i] != 0 && a.newKey() != a.Key {
				if _, err := t.exec(ctx, `UPDATE documents SET key = ? WHERE id = ?`, fmt.Sprintf("\x01%d", ids[i]), ids[i]); err != nil {
					return err
				}
			}
		}
		for i, a := range amendments {
			if ids[i] == 0 {
				continue
			}
			if err := t.amend(ctx, ids[i], &a); err != nil {
				return err
			}
			amended++
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return amended, nil
}

// amend amends the document with this id.
func (t *transaction) amend(ctx context.Context, id int64, a *Amendment) error {
	if a.newKey() != a.Key {
		there, err := t.documentID(ctx, a.newKey())
		if err != nil {
			return err
		}
		if there != 0 {
			if err := t.deleteDocument(ctx, there); err != nil {
				return err
			}
		}
	}
	if _, err := t.exec(ctx, `UPDATE documents SET key = ?, source = ?, time = ?, hash = ? WHERE id = ?`,
		a.newKey(), a.Source, instant(a.Time), a.Hash[:], id); err != nil {
		return err
	}
	if a.Metadata == nil {
		return nil
	}
	_, err := t.exec(ctx, `UPDATE documents SET metadata = ? WHERE id = ?`, string(a.Metadata), id)
	return err
}
