package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Fields returns the names that metadata has at its top level, the most frequent first.
func (s *Store) Fields(ctx context.Context) ([]string, error) {
	var names []string
	err := s.read(ctx, "read fields", func(t *transaction) error {
		return t.each(ctx, `SELECT f.key FROM documents d, json_each(d.metadata) f GROUP BY f.key ORDER BY count(*) DESC, f.key`, nil, func(r *sql.Rows) error {
			var name string
			err := r.Scan(&name)
			names = append(names, name)
			return err
		})
	})
	return names, err
}

// MissingFields returns those fields that a filter asks for and no document has, as the
// filter writes them: most likely they are misspelt.
func (s *Store) MissingFields(ctx context.Context, expression string) ([]string, error) {
	parsed, err := parseFilter(expression)
	if err != nil {
		return nil, err
	}
	var missing []string
	err = s.read(ctx, "look for fields", func(t *transaction) error {
		for _, f := range parsed.Fields() {
			condition, args := f.SQL()
			var found bool
			if err := t.QueryRowContext(ctx, fmt.Sprintf(`SELECT EXISTS (SELECT 1 FROM documents d WHERE %s)`, condition), args...).Scan(&found); err != nil {
				return err
			}
			if !found {
				missing = append(missing, f.Name)
			}
		}
		return nil
	})
	return missing, err
}
