package store

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
)

// score calls f with the MaxSim of each passage of ids that is there, and of
// its document where that is asked for.
func (s *search) score(ctx context.Context, ids []int64, document bool, f func(scored)) error {
	return s.scoreRows(ctx, `FROM json_each(?) j CROSS JOIN codes c ON c.passage = j.value`, []any{idList(ids)}, document, f)
}

// scoreAll calls f with the MaxSim of every passage.
func (s *search) scoreAll(ctx context.Context, document bool, f func(scored)) error {
	return s.scoreRows(ctx, `FROM codes c`, nil, document, f)
}

func (s *search) scoreRows(ctx context.Context, from string, args []any, document bool, f func(scored)) error {
	column := `0`
	if document {
		column = `p.document`
		from += ` CROSS JOIN passages p ON p.id = c.passage`
	}
	statement, err := s.statement(ctx, `SELECT c.passage, c.generation, c.code, `+column+` `+from)
	if err != nil {
		return err
	}
	rows, err := statement.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var coder *coder
	for rows.Next() {
		var one scored
		var generation int64
		var code sql.RawBytes
		if err := rows.Scan(&one.passage, &generation, &code, &one.document); err != nil {
			return err
		}
		if coder == nil || coder.generation != generation {
			if coder, err = s.codeCoder(ctx, generation); err != nil {
				return err
			}
		}
		if one.score, err = coder.codec.MaxSim(s.form(coder), code, &s.scratch); err != nil {
			return s.store.corrupt("passage %d: %v", one.passage, err)
		}
		if one.score > negativeInfinity { // it has vectors
			f(one)
		}
	}
	return rows.Err()
}

// idList is ids as the JSON array that json_each makes a table of: one
// statement then serves any number of them.
func idList(ids []int64) string {
	list := make([]byte, 0, 8*len(ids)+2)
	list = append(list, '[')
	for i, id := range ids {
		if i > 0 {
			list = append(list, ',')
		}
		list = strconv.AppendInt(list, id, 10)
	}
	return string(append(list, ']'))
}

// passageSet is the passages that a filter lets through.
type passageSet struct {
	ids []int64 // ascending
}

func (p *passageSet) has(id int64) bool {
	_, there := slices.BinarySearch(p.ids, id)
	return there
}

// slots says for each of ids, which ascend, whether it is in the set.
func (p *passageSet) slots(ids []int64) []bool {
	in := make([]bool, len(ids))
	next := 0
	for i, id := range ids {
		for next < len(p.ids) && p.ids[next] < id {
			next++
		}
		in[i] = next < len(p.ids) && p.ids[next] == id
	}
	return in
}

// filter finds the passages of the documents for which the condition holds.
func (s *search) filter(ctx context.Context, condition string, args []any) error {
	s.allowed = &passageSet{}
	err := s.each(ctx, `SELECT p.id FROM documents d JOIN passages p ON p.document = d.id WHERE `+condition, args, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		s.allowed.ids = append(s.allowed.ids, id)
		return err
	})
	slices.Sort(s.allowed.ids)
	return err
}
