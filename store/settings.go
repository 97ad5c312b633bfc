package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/toller-search/toller/store/codec"
)

// Model says which encoder made the vectors. A file holds those of one.
type Model struct {
	Name        string
	Fingerprint [16]byte // of whatever determines the vectors: weights, tokenizer, prompts
	Dim         int      // dimensions of a vector
}

// String names a model: its name, the start of its fingerprint, its dimension.
func (m Model) String() string {
	return fmt.Sprintf("%q (%x, %d dimensions)", m.Name, m.Fingerprint[:4], m.Dim)
}

// fingerprintRule is by which rule this version's callers make fingerprints. It
// grows, with schemaVersion, whenever the same model gets another fingerprint
// than before, so that former ones are taken only from files of their time.
const fingerprintRule = 2

// isWanted says whether a file's model is the one that the file is opened with.
// Names don't matter.
func (s *Store) isWanted(have Model) bool {
	if have.Dim != s.wanted.Dim {
		return false
	}
	return have.Fingerprint == s.wanted.Fingerprint ||
		s.settings.rule < fingerprintRule && slices.Contains(s.former, have.Fingerprint)
}

// settings are what a file was created with, and never change.
type settings struct {
	model Model
	rule  int // by which the model's fingerprint was made
	kind  codec.Kind
	dims  int // dimensions after the projection; 0: none
	pool  int
}

// staged says that vectors are kept as fp16 until the first training, because
// their final form needs what training finds.
func (s *settings) staged() bool { return s.kind.Trained() || s.dims > 0 }

// final is the dimension of a vector in its final form.
func (s *settings) final() int {
	if s.dims > 0 {
		return s.dims
	}
	return s.model.Dim
}

const (
	maxDim  = 4096
	maxName = 1000 // bytes of a model's name
)

func (s *settings) validate() error {
	switch {
	case s.model.Dim < 1 || s.model.Dim > maxDim:
		return fmt.Errorf("model dimension %d, expected 1 to %d", s.model.Dim, maxDim)
	case len(s.model.Name) > maxName:
		return fmt.Errorf("model name of %d bytes, expected at most %d", len(s.model.Name), maxName)
	case s.rule < 1 || s.rule > fingerprintRule:
		return fmt.Errorf("model fingerprint by rule %d, expected 1 to %d", s.rule, fingerprintRule)
	case s.dims < 0 || s.dims > s.model.Dim:
		return fmt.Errorf("projection to %d dimensions, expected 0 to the model's %d", s.dims, s.model.Dim)
	case s.pool < 0:
		return fmt.Errorf("pooling factor %d, expected 0 or more", s.pool)
	}
	_, err := codec.ParseKind(s.kind.String())
	return err
}

func (s *settings) save(ctx context.Context, tx *sql.Tx) error {
	for name, value := range map[string]any{
		"model":       s.model.Name,
		"fingerprint": s.model.Fingerprint[:],
		"rule":        s.rule,
		"dim":         s.model.Dim,
		"codec":       s.kind.String(),
		"projection":  s.dims,
		"pool":        s.pool,
	} {
		if _, err := tx.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES (?, ?)`, name, value); err != nil {
			return err
		}
	}
	return nil
}

// load reads the settings of a file of that version; complaint says what is
// wrong with them.
func (s *settings) load(ctx context.Context, tx *sql.Tx, version int64) (complaint, err error) {
	var fingerprint []byte
	var kind string
	type field struct {
		name, kind string
		into       any
	}
	fields := []field{
		{"model", "text", &s.model.Name},
		{"fingerprint", "blob", &fingerprint},
		{"dim", "integer", &s.model.Dim},
		{"codec", "text", &kind},
		{"projection", "integer", &s.dims},
		{"pool", "integer", &s.pool},
	}
	if s.rule = 1; version > 1 {
		fields = append(fields, field{"rule", "integer", &s.rule})
	}
	for _, field := range fields {
		row := tx.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = ? AND typeof(value) = ?`, field.name, field.kind)
		switch err := row.Scan(field.into); err {
		case nil:
		case sql.ErrNoRows:
			return fmt.Errorf("meta has no %s of type %s", field.name, field.kind), nil
		default:
			return nil, err
		}
	}
	if len(fingerprint) != len(s.model.Fingerprint) {
		return fmt.Errorf("model fingerprint of %d bytes, expected %d", len(fingerprint), len(s.model.Fingerprint)), nil
	}
	copy(s.model.Fingerprint[:], fingerprint)
	if s.kind, err = codec.ParseKind(kind); err != nil {
		return err, nil
	}
	return s.validate(), nil
}
