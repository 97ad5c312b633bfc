package store

import (
	"context"
	"database/sql"
	"slices"
	"strconv"

	"github.com/toller-search/toller/store/filter"
)

// byID is the codes of the passages in a list of ids, in its order.
const byID = `FROM json_each(?) j CROSS JOIN codes c ON c.passage = j.value`

// score calls f with the MaxSim of each passage of ids that is there, and with
// its document where that is asked for.
func (s *search) score(ctx context.Context, ids []int64, document bool, f func(scored)) error {
	return s.scoreRows(ctx, byID, []any{idList(ids)}, document, false, f)
}

// scoreCached is score, with documents, for ids that ascend and may well be
// asked for again.
func (s *search) scoreCached(ctx context.Context, ids []int64, f func(scored)) error {
	all := make([]scored, len(ids)) // passage 0: not there
	var missing []int64
	for i, id := range ids {
		c, there := s.store.codes.get(s.state.change, id)
		if !there {
			missing = append(missing, id)
			continue
		}
		score, err := s.maxSim(id, c.coder, c.code)
		if err != nil {
			return err
		}
		if score > negativeInfinity {
			all[i] = scored{id, c.document, score}
		}
	}
	if len(missing) > 0 {
		if err := s.scoreRows(ctx, byID, []any{idList(missing)}, true, true, func(one scored) {
			i, _ := slices.BinarySearch(ids, one.passage)
			all[i] = one
		}); err != nil {
			return err
		}
	}
	// In the order of ids whatever was cached: sums of scores are rounded.
	for _, one := range all {
		if one.passage != 0 {
			f(one)
		}
	}
	return nil
}

// maxSim is the MaxSim of one code.
func (s *search) maxSim(passage int64, c *coder, code []byte) (float32, error) {
	score, err := c.codec.MaxSim(s.form(c), code, &s.scratch)
	if err != nil {
		return 0, s.store.corrupt("passage %d: %v", passage, err)
	}
	return score, nil
}

// scoreAll calls f with the MaxSim of every passage.
func (s *search) scoreAll(ctx context.Context, document bool, f func(scored)) error {
	return s.scoreRows(ctx, `FROM codes c`, nil, document, false, f)
}

func (s *search) scoreRows(ctx context.Context, from string, args []any, document, keep bool, f func(scored)) error {
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
		if one.score, err = s.maxSim(one.passage, coder, code); err != nil {
			return err
		}
		if keep {
			s.store.codes.put(s.state.change, one.passage, cachedCode{one.document, coder, code})
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
func (s *search) filter(ctx context.Context, e *filter.Expr) error {
	condition, args := e.PassageSQL()
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
