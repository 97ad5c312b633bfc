package qdrant

import (
	"fmt"

	"github.com/toller-search/toller/edge/engine"
	"github.com/toller-search/toller/edge/engine/condition"
	"github.com/toller-search/toller/store/filter"
)

// clause is a filter or a condition of Qdrant, as JSON.
type clause map[string]any

// translate makes a filter of Qdrant of an expression, nil of one that holds for
// all.
func translate(e *filter.Expr) (clause, error) {
	root, err := condition.Of(e)
	if root == nil || err != nil {
		return nil, err
	}
	return joined("must", []condition.Condition{root})
}

func write(c condition.Condition) (clause, error) {
	switch c := c.(type) {
	case condition.Any:
		return joined("should", c)
	case condition.All:
		return joined("must", c)
	case condition.Not:
		return joined("must_not", []condition.Condition{c.Condition})
	case condition.OneOf:
		return match(c.Field, c.Values...), nil
	case condition.Present:
		return clause{"must_not": []clause{{"is_empty": clause{"key": c.Field}}}}, nil
	case condition.Filled:
		return clause{"must_not": []clause{match(c.Field, "")}}, nil
	case condition.Range:
		return clause{"key": c.Field, "range": c.Bounds}, nil
	case condition.Compared:
		return compared(c)
	default:
		return nil, fmt.Errorf("%w: %T", engine.ErrFilter, c)
	}
}

func joined(how string, conditions []condition.Condition) (clause, error) {
	list := make([]clause, len(conditions))
	for i, c := range conditions {
		var err error
		if list[i], err = write(c); err != nil {
			return nil, err
		}
	}
	return clause{how: list}, nil
}

func match(key string, values ...string) clause {
	if len(values) == 1 {
		return clause{"key": key, "match": clause{"value": values[0]}}
	}
	return clause{"key": key, "match": clause{"any": values}}
}

// compared is the order of numbers in metadata, which is all that Qdrant can compare.
func compared(c condition.Compared) (clause, error) {
	switch {
	case c.Bounds == nil:
		return nil, fmt.Errorf("%w: %s %s: Qdrant has no patterns", engine.ErrFilter, c.Field, c.Operator)
	case !c.Number:
		return nil, fmt.Errorf("%w: %s %s: Qdrant has no order of strings", engine.ErrFilter, c.Field, c.Operator)
	}
	return clause{"nested": clause{"key": "numbers", "filter": clause{"must": []clause{
		match("path", engine.Path(c.Field.Path)), {"key": "value", "range": c.Bounds},
	}}}}, nil
}
