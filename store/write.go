package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
)

// Add stores new documents and returns their ids. A key that exists is an
// error, ErrExists.
//
// Add, Update, Put and Delete are one transaction each: when they return
// without an error everything is in the file, otherwise nothing is. After the
// commit they may train the index, which takes a while whenever the store has
// grown fourfold; ctx ends that too, and the next write goes on with it.
func (s *Store) Add(ctx context.Context, documents []Document) ([]int64, error) {
	return s.store(ctx, "add", documents, func(d *Document, exists bool) error {
		if exists {
			return fmt.Errorf("store: add: document %q: %w", d.Key, ErrExists)
		}
		return nil
	})
}

// Update replaces documents whose keys exist; another is an error,
// ErrNotFound. A document keeps its id, its passages get new ones.
func (s *Store) Update(ctx context.Context, documents []Document) ([]int64, error) {
	return s.store(ctx, "update", documents, func(d *Document, exists bool) error {
		if !exists {
			return fmt.Errorf("store: update: document %q: %w", d.Key, ErrNotFound)
		}
		return nil
	})
}

// Put adds the documents whose keys are new and updates the others.
func (s *Store) Put(ctx context.Context, documents []Document) ([]int64, error) {
	return s.store(ctx, "put", documents, func(*Document, bool) error { return nil })
}

func (s *Store) store(ctx context.Context, doing string, documents []Document, allowed func(d *Document, exists bool) error) ([]int64, error) {
	for i := range documents {
		if err := documents[i].validate(s.settings.model.Dim); err != nil {
			return nil, err
		}
	}
	if len(documents) == 0 {
		return nil, nil
	}
	ids := make([]int64, len(documents))
	for {
		var codes, cells *coder
		var generation int64
		if err := s.read(ctx, doing, func(t *transaction) (err error) {
			generation = t.state.generation
			codes, cells, err = t.coders(ctx)
			return err
		}); err != nil {
			return nil, err
		}
		all, err := s.prepare(ctx, documents, codes, cells)
		if err != nil {
			return nil, err
		}
		err = s.change(ctx, doing, func(t *transaction) error {
			if t.state.generation != generation {
				return errRetrained
			}
			for i := range all {
				if ids[i], err = t.put(ctx, &all[i], codes.generation, allowed); err != nil {
					return err
				}
			}
			return nil
		})
		if errors.Is(err, errRetrained) {
			continue // another process has just trained: encode anew
		}
		if err != nil {
			return nil, err
		}
		return ids, nil
	}
}

// change is [Store.write] for documents: it tidies the candidate index in the same
// transaction, and trains it afterwards when that is due.
func (s *Store) change(ctx context.Context, doing string, f func(t *transaction) error) error {
	var after state
	err := s.write(ctx, doing, func(t *transaction) error {
		if err := f(t); err != nil {
			return err
		}
		err := t.tidy(ctx)
		after = t.state
		return err
	})
	if err == nil {
		s.upkeep(ctx, after)
	}
	return err
}

var errRetrained = errors.New("the index was trained meanwhile")

// put writes one document.
func (t *transaction) put(ctx context.Context, p *prepared, generation int64, allowed func(d *Document, exists bool) error) (int64, error) {
	id, err := t.documentID(ctx, p.Key)
	if err != nil {
		return 0, err
	}
	if err := allowed(p.Document, id != 0); err != nil {
		return 0, err
	}
	metadata := sql.NullString{String: string(p.Metadata), Valid: p.Metadata != nil}
	if id != 0 {
		if err := t.deletePassages(ctx, id); err != nil {
			return 0, err
		}
		if _, err := t.exec(ctx, `UPDATE documents SET title = ?, source = ?, time = ?, metadata = ?, hash = ? WHERE id = ?`,
			p.Title, p.Source, instant(p.Time), metadata, p.Hash[:], id); err != nil {
			return 0, err
		}
		if _, err := t.exec(ctx, `UPDATE texts SET text = ? WHERE document = ?`, p.text, id); err != nil {
			return 0, err
		}
	} else {
		if id, err = t.insert(ctx, `INSERT INTO documents (key, title, source, time, metadata, hash) VALUES (?, ?, ?, ?, ?, ?)`,
			p.Key, p.Title, p.Source, instant(p.Time), metadata, p.Hash[:]); err != nil {
			return 0, err
		}
		if _, err := t.exec(ctx, `INSERT INTO texts (document, text) VALUES (?, ?)`, id, p.text); err != nil {
			return 0, err
		}
		t.state.documents++
	}
	for i := range p.passages {
		if err := t.putPassage(ctx, id, p.Document, &p.Passages[i], &p.passages[i], generation); err != nil {
			return 0, err
		}
	}
	return id, nil
}

func (t *transaction) putPassage(ctx context.Context, document int64, d *Document, p *Passage, stored *preparedPassage, generation int64) error {
	id, err := t.insert(ctx, `INSERT INTO passages (document, start, "end", heading, tokens, clusters) VALUES (?, ?, ?, ?, ?, ?)`,
		document, p.Start, p.End, p.Heading, stored.tokens, orNull(stored.clusters))
	if err != nil {
		return err
	}
	if _, err := t.exec(ctx, `INSERT INTO codes (passage, generation, code) VALUES (?, ?, ?)`, id, generation, stored.code); err != nil {
		return err
	}
	if stored.cells != nil {
		if _, err := t.exec(ctx, `INSERT INTO tail (passage, cells) VALUES (?, ?)`, id, stored.cells); err != nil {
			return err
		}
	}
	if err := t.insertWords(ctx, worded{id, d.Title, p.Heading, body(d.Text, p.Start, p.End)}); err != nil {
		return err
	}
	t.state.passages++
	t.state.tokens += int64(stored.tokens)
	return nil
}

// body is the text of a passage, nothing when the document has none.
func body(text string, start, end int) string {
	if start > end || end > len(text) {
		return ""
	}
	return text[start:end]
}

// Delete removes the documents with these keys, and returns how many there
// were.
func (s *Store) Delete(ctx context.Context, keys ...string) (int, error) {
	deleted := 0
	err := s.change(ctx, "delete", func(t *transaction) error {
		for _, key := range keys {
			id, err := t.documentID(ctx, key)
			if err != nil {
				return err
			}
			if id == 0 {
				continue
			}
			if err := t.deleteDocument(ctx, id); err != nil {
				return err
			}
			deleted++
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return deleted, nil
}

// deleteDocument removes a document that is there.
func (t *transaction) deleteDocument(ctx context.Context, id int64) error {
	if err := t.deletePassages(ctx, id); err != nil {
		return err
	}
	for _, statement := range []string{`DELETE FROM texts WHERE document = ?`, `DELETE FROM documents WHERE id = ?`} {
		if _, err := t.exec(ctx, statement, id); err != nil {
			return err
		}
	}
	t.state.documents--
	return nil
}

// documentID is the id of the document with this key, 0 when there is none.
func (t *transaction) documentID(ctx context.Context, key string) (int64, error) {
	s, err := t.statement(ctx, `SELECT id FROM documents WHERE key = ?`)
	if err != nil {
		return 0, err
	}
	var id int64
	if err := s.QueryRowContext(ctx, key).Scan(&id); err != nil && err != sql.ErrNoRows {
		return 0, err
	}
	return id, nil
}

// deletePassages removes whatever belongs to a document's passages.
func (t *transaction) deletePassages(ctx context.Context, document int64) error {
	s, err := t.statement(ctx, `SELECT id, tokens FROM passages WHERE document = ?`)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(ctx, document)
	if err != nil {
		return err
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id, tokens int64
		if err := rows.Scan(&id, &tokens); err != nil {
			return err
		}
		ids = append(ids, id)
		t.state.passages--
		t.state.tokens -= tokens
	}
	if err := rows.Err(); err != nil {
		return err
	}
	rows.Close()
	for _, id := range slices.Backward(ids) {
		// A passage stands in the tail or in a segment, or during a training in
		// one of each generation.
		for _, statement := range []string{
			`DELETE FROM tail WHERE passage = ?`,
			`UPDATE segments SET dead = dead + 1 WHERE ? BETWEEN first AND last`,
			`DELETE FROM words WHERE rowid = ?`,
			`DELETE FROM codes WHERE passage = ?`,
			`DELETE FROM passages WHERE id = ?`,
		} {
			if _, err := t.exec(ctx, statement, id); err != nil {
				return err
			}
		}
	}
	return nil
}
