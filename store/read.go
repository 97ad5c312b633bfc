package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/toller-search/toller/store/filter"
)

// Get returns the document with this key, without vectors. ErrNotFound when
// there is none.
func (s *Store) Get(ctx context.Context, key string) (*Document, error) {
	var d *Document
	err := s.read(ctx, "get", func(t *transaction) (err error) {
		id, err := t.documentID(ctx, key)
		if err != nil {
			return err
		}
		if id == 0 {
			return fmt.Errorf("store: %s: document %q: %w", s.path, key, ErrNotFound)
		}
		d, err = t.document(ctx, id, false)
		return err
	})
	return d, err
}

// Hashes returns the hash of every document by its key.
func (s *Store) Hashes(ctx context.Context) (map[string][32]byte, error) {
	var hashes map[string][32]byte
	err := s.read(ctx, "read hashes", func(t *transaction) error {
		hashes = make(map[string][32]byte, t.state.documents)
		return t.each(ctx, `SELECT key, hash FROM documents`, nil, func(r *sql.Rows) error {
			var key string
			var hash []byte
			if err := r.Scan(&key, &hash); err != nil {
				return err
			}
			fixed, err := s.hash(hash, key)
			hashes[key] = fixed
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return hashes, nil
}

func (s *Store) hash(hash []byte, key string) (fixed [32]byte, err error) {
	if len(hash) != len(fixed) {
		return fixed, s.corrupt("document %q: hash of %d bytes, expected %d", key, len(hash), len(fixed))
	}
	return [32]byte(hash), nil
}

// Selection says which documents to walk over.
type Selection struct {
	Filter  string // in the language of package filter; empty: all
	Vectors bool   // with the passages' vectors, decoded
}

// Documents calls yield with the selected documents in the order of their ids,
// until yield returns false. Everything is seen as it was when the call
// started. yield must not call methods of the store.
func (s *Store) Documents(ctx context.Context, selection Selection, yield func(*Document) bool) error {
	where, err := parseFilter(selection.Filter)
	if err != nil {
		return err
	}
	condition, args := where.SQL()
	return s.read(ctx, "read documents", func(t *transaction) error {
		const batch = 256
		for last := int64(0); ; {
			var ids []int64
			query := `SELECT d.id FROM documents d WHERE d.id > ? AND (` + condition + `) ORDER BY d.id LIMIT ?`
			if err := t.each(ctx, query, append(append([]any{last}, args...), batch), func(r *sql.Rows) error {
				var id int64
				err := r.Scan(&id)
				ids = append(ids, id)
				return err
			}); err != nil {
				return err
			}
			for _, id := range ids {
				d, err := t.document(ctx, id, selection.Vectors)
				if err != nil {
					return err
				}
				if !yield(d) {
					return nil
				}
				last = id
			}
			if len(ids) < batch {
				return nil
			}
		}
	})
}

func parseFilter(expression string) (*filter.Expr, error) {
	parsed, err := filter.Parse(expression)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return parsed, nil
}

// document reads a document that is there.
func (t *transaction) document(ctx context.Context, id int64, vectors bool) (*Document, error) {
	d := &Document{ID: id}
	var moment sql.NullInt64
	var metadata sql.NullString
	var hash, text []byte
	s, err := t.statement(ctx, `SELECT d.key, d.title, d.source, d.time, d.metadata, d.hash, x.text
		FROM documents d LEFT JOIN texts x ON x.document = d.id WHERE d.id = ?`)
	if err != nil {
		return nil, err
	}
	if err := s.QueryRowContext(ctx, id).Scan(&d.Key, &d.Title, &d.Source, &moment, &metadata, &hash, &text); err != nil {
		return nil, err
	}
	if d.Hash, err = t.store.hash(hash, d.Key); err != nil {
		return nil, err
	}
	if d.Text, err = unpackText(text); err != nil {
		return nil, t.store.corrupt("document %q: %v", d.Key, err)
	}
	if moment.Valid {
		d.Time = time.UnixMilli(moment.Int64)
	}
	if metadata.Valid {
		d.Metadata = json.RawMessage(metadata.String)
	}
	d.Passages, err = t.passagesOf(ctx, d, vectors)
	return d, err
}

// text reads the text of a document that is there.
func (t *transaction) text(ctx context.Context, document int64) (string, error) {
	s, err := t.statement(ctx, `SELECT text FROM texts WHERE document = ?`)
	if err != nil {
		return "", err
	}
	var packed []byte
	switch err := s.QueryRowContext(ctx, document).Scan(&packed); err {
	case nil:
	case sql.ErrNoRows:
		return "", t.store.corrupt("document %d has no text", document)
	default:
		return "", err
	}
	text, err := unpackText(packed)
	if err != nil {
		return "", t.store.corrupt("document %d: %v", document, err)
	}
	return text, nil
}

func (t *transaction) passagesOf(ctx context.Context, d *Document, vectors bool) ([]Passage, error) {
	query := `SELECT id, start, "end", heading, tokens, clusters, 0, NULL FROM passages WHERE document = ? ORDER BY id`
	if vectors {
		query = `SELECT p.id, p.start, p."end", p.heading, p.tokens, p.clusters, c.generation, c.code
			FROM passages p JOIN codes c ON c.passage = p.id WHERE p.document = ? ORDER BY p.id`
	}
	s, err := t.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(ctx, d.ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var passages []Passage
	var codes [][]byte
	var generations []int64
	for rows.Next() {
		var p Passage
		var tokens int
		var generation int64
		var clusters, code []byte
		if err := rows.Scan(&p.ID, &p.Start, &p.End, &p.Heading, &tokens, &clusters, &generation, &code); err != nil {
			return nil, err
		}
		if p.Start < 0 || p.End < p.Start || (d.Text != "" && p.End > len(d.Text)) {
			return nil, t.store.corrupt("passage %d: bytes [%d, %d) of a text of %d", p.ID, p.Start, p.End, len(d.Text))
		}
		if p.Clusters, err = unpackClusters(clusters, tokens); err != nil {
			return nil, t.store.corrupt("passage %d: %v", p.ID, err)
		}
		passages = append(passages, p)
		codes, generations = append(codes, code), append(generations, generation)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	rows.Close()
	if !vectors {
		return passages, nil
	}
	for i, code := range codes {
		c, err := t.codeCoder(ctx, generations[i])
		if err != nil {
			return nil, err
		}
		if passages[i].Vectors, err = c.codec.Decode(nil, code); err != nil {
			return nil, t.store.corrupt("passage %d: %v", passages[i].ID, err)
		}
	}
	return passages, nil
}

// codeCoder is the coder of a generation that a code names.
func (t *transaction) codeCoder(ctx context.Context, generation int64) (*coder, error) {
	c, err := t.coderFor(ctx, generation)
	if err == nil && c.codec == nil {
		return nil, t.store.corrupt("%s codes of generation %d, expected 0", t.store.settings.kind, generation)
	}
	return c, err
}
