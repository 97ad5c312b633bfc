package engine

import (
	"fmt"
	"slices"

	"github.com/toller-search/toller/store/filter"
)

// Check refuses a query that no engine could answer.
func (q *Query) Check() error {
	switch {
	case q.Dim < 1 || len(q.Vectors) == 0 || len(q.Vectors)%q.Dim != 0:
		return fmt.Errorf("query: expected vectors of %d components, found %d components", q.Dim, len(q.Vectors))
	case q.K < 1:
		return fmt.Errorf("query: expected to be asked for 1 or more hits, found %d", q.K)
	}
	return nil
}

// Ranked orders hits by score, equals by document and passage, and keeps the k best.
// It is for implementations of [Engine].
func Ranked(hits []Hit, k int) []Hit {
	slices.SortFunc(hits, func(a, b Hit) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		case a.Key != b.Key:
			if a.Key < b.Key {
				return -1
			}
			return 1
		default:
			return a.Passage - b.Passage
		}
	})
	return hits[:min(k, len(hits))]
}

// largestExact is up to where float64 has every integer. Metadata comes out of an
// index as float64.
const largestExact = 1 << 53

// FilterNumber returns the number that a filter compares with, nil if it is none.
func FilterNumber(value any) (*float64, error) {
	switch v := value.(type) {
	case float64:
		return &v, nil
	case int64:
		if v < -largestExact || v > largestExact {
			return nil, fmt.Errorf("expected an integer of at most 2^53, found %d", v)
		}
		f := float64(v)
		return &f, nil
	default:
		return nil, nil
	}
}

// FilterFacts returns the [Fact] of each value of a comparison with metadata.
func FilterFacts(c filter.Comparison) ([]string, error) {
	facts := make([]string, len(c.Values))
	for i, v := range c.Values {
		if _, err := FilterNumber(v); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrFilter, c.Field, err)
		}
		facts[i] = Fact(Path(c.Field.Path), v)
	}
	return facts, nil
}

// FilterPages returns, for each number that a filter compares pages with, the bounds of
// the fields of [Pages] by the names of ranges that engines share: none, unless it
// compares by size.
func FilterPages(c filter.Comparison) []map[string]map[string]any {
	var list []map[string]map[string]any
	for _, v := range c.Values {
		number, err := FilterNumber(v)
		if err != nil || number == nil {
			continue
		}
		bounds := map[string]map[string]any{}
		switch c.Operator {
		case "<":
			bounds["first_page"] = map[string]any{"lt": *number}
		case "<=":
			bounds["first_page"] = map[string]any{"lte": *number}
		case ">":
			bounds["last_page"] = map[string]any{"gt": *number}
		case ">=":
			bounds["last_page"] = map[string]any{"gte": *number}
		case "=":
			bounds["first_page"], bounds["last_page"] = map[string]any{"lte": *number}, map[string]any{"gte": *number}
		default:
			continue
		}
		list = append(list, bounds)
	}
	return list
}
