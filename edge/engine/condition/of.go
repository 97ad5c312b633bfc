package condition

import (
	"fmt"

	"github.com/toller-search/toller/edge/engine"
	"github.com/toller-search/toller/store/filter"
)

// Of returns what a filter asks of points, nil of one that holds for all.
func Of(e *filter.Expr) (Condition, error) {
	root := e.Tree()
	if root == nil {
		return nil, nil
	}
	return of(root)
}

func of(n filter.Node) (Condition, error) {
	switch n := n.(type) {
	case filter.Or:
		list, err := each(n)
		if len(list) == 1 {
			return list[0], err
		}
		return Any(list), err
	case filter.And:
		list, err := each(n)
		if len(list) == 1 {
			return list[0], err
		}
		return All(list), err
	case filter.Not:
		c, err := of(n.Node)
		return Not{c}, err
	case filter.Present:
		return present(n.Field), nil
	case filter.Comparison:
		return comparison(n)
	default:
		return nil, fmt.Errorf("%w: %T", engine.ErrFilter, n)
	}
}

func each(nodes []filter.Node) ([]Condition, error) {
	list := make([]Condition, len(nodes))
	for i, n := range nodes {
		var err error
		if list[i], err = of(n); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func present(f filter.Operand) Condition {
	switch f.Column {
	case "":
		return OneOf{"present", []string{engine.Path(f.Path)}}
	case "page":
		return Any{present(filter.Operand{Path: f.Path}), Present{"first_page"}}
	case "time":
		return Present{"time"}
	default:
		return Filled{f.Column}
	}
}

// largestExact is up to where float64 has every integer. Metadata comes out of an
// index as float64.
const largestExact = 1 << 53

// ranges are the names of comparisons.
var ranges = map[string]string{"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}

func comparison(c filter.Comparison) (Condition, error) {
	for _, v := range c.Values {
		if n, ok := v.(int64); ok && (n < -largestExact || n > largestExact) {
			return nil, fmt.Errorf("%w: %s: expected an integer of at most 2^53, found %d", engine.ErrFilter, c.Field, n)
		}
	}
	column, order := c.Field.Column, ranges[c.Operator]
	switch {
	case column == "page":
		return pages(c)
	case column == "time":
		return times(c), nil
	case order != "":
		return Compared{c, Bounds{order: c.Values[0]}, number(c.Values[0])}, nil
	case c.Operator == "~":
		return Compared{Comparison: c}, nil
	}
	values := make([]string, len(c.Values))
	for i, v := range c.Values {
		if column != "" {
			values[i] = v.(string)
		} else {
			values[i] = engine.Fact(engine.Path(c.Field.Path), v)
		}
	}
	switch {
	case column != "":
		return OneOf{column, values}, nil
	case c.Operator == "has":
		return Any{OneOf{"equal", values}, OneOf{"elements", values}}, nil
	default:
		return OneOf{"equal", values}, nil
	}
}

func number(value any) bool {
	switch value.(type) {
	case int64, float64:
		return true
	}
	return false
}

// pages compares numbers with the pages of a passage, and all values with metadata.
func pages(c filter.Comparison) (Condition, error) {
	other := c
	other.Field.Column = ""
	metadata, err := comparison(other)
	if err != nil {
		return nil, err
	}
	list := Any{metadata}
	for _, v := range c.Values {
		if !number(v) {
			continue
		}
		switch c.Operator {
		case "<", "<=":
			list = append(list, All{Range{"first_page", Bounds{ranges[c.Operator]: v}}})
		case ">", ">=":
			list = append(list, All{Range{"last_page", Bounds{ranges[c.Operator]: v}}})
		case "=":
			list = append(list, All{Range{"first_page", Bounds{"lte": v}}, Range{"last_page", Bounds{"gte": v}}})
		}
	}
	return list, nil
}

// times compares with periods: before one is before it begins, after one is from
// where it ends.
func times(c filter.Comparison) Condition {
	list := make(Any, len(c.Values))
	for i, v := range c.Values {
		p := v.(filter.Period)
		var bounds Bounds
		switch c.Operator {
		case "<":
			bounds = Bounds{"lt": p.First}
		case "<=":
			bounds = Bounds{"lt": p.Next}
		case ">":
			bounds = Bounds{"gte": p.Next}
		case ">=":
			bounds = Bounds{"gte": p.First}
		default:
			bounds = Bounds{"gte": p.First, "lt": p.Next}
		}
		list[i] = Range{"time", bounds}
	}
	return list
}
