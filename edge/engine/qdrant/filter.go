package qdrant

import (
	"fmt"

	"github.com/toller-search/toller/edge/engine"
	"github.com/toller-search/toller/store/filter"
)

// condition is a filter or a condition of Qdrant, as JSON.
type condition map[string]any

// translate makes a filter of Qdrant of an expression, nil of one that holds for
// all.
func translate(e *filter.Expr) (condition, error) {
	root := e.Tree()
	if root == nil {
		return nil, nil
	}
	c, err := node(root)
	if err != nil {
		return nil, err
	}
	return condition{"must": []condition{c}}, nil
}

func node(n filter.Node) (condition, error) {
	switch n := n.(type) {
	case filter.Or:
		return joined("should", n)
	case filter.And:
		return joined("must", n)
	case filter.Not:
		return joined("must_not", []filter.Node{n.Node})
	case filter.Present:
		if n.Field.Column == "page" {
			return either(present(filter.Operand{Path: n.Field.Path}), condition{"must_not": []condition{{"is_empty": map[string]any{"key": "first_page"}}}}), nil
		}
		return present(n.Field), nil
	case filter.Comparison:
		return comparison(n)
	default:
		return nil, fmt.Errorf("%w: %T", engine.ErrFilter, n)
	}
}

// joined leaves out levels with a single condition.
func joined(how string, nodes []filter.Node) (condition, error) {
	list := make([]condition, len(nodes))
	for i, n := range nodes {
		var err error
		if list[i], err = node(n); err != nil {
			return nil, err
		}
	}
	if len(list) == 1 && how != "must_not" {
		return list[0], nil
	}
	return condition{how: list}, nil
}

func present(f filter.Operand) condition {
	switch f.Column {
	case "":
		return match("present", engine.Path(f.Path))
	case "time":
		return condition{"must_not": []condition{{"is_empty": map[string]any{"key": "time"}}}}
	default:
		return condition{"must_not": []condition{match(f.Column, "")}}
	}
}

func match(key string, values ...string) condition {
	if len(values) == 1 {
		return condition{"key": key, "match": map[string]any{"value": values[0]}}
	}
	return condition{"key": key, "match": map[string]any{"any": values}}
}

// ranges are the names of comparisons.
var ranges = map[string]string{"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}

func comparison(c filter.Comparison) (condition, error) {
	refuse := func(what string) (condition, error) {
		return nil, fmt.Errorf("%w: %s %s: Qdrant has no %s", engine.ErrFilter, c.Field, c.Operator, what)
	}
	order := ranges[c.Operator]
	switch {
	case c.Field.Column == "page":
		return pages(c)
	case c.Operator == "~":
		return refuse("patterns")
	case c.Field.Column == "time":
		return times(c), nil
	case order != "":
		number, err := engine.FilterNumber(c.Values[0])
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", engine.ErrFilter, c.Field, err)
		}
		if number == nil {
			return refuse("order of strings")
		}
		return condition{"nested": map[string]any{"key": "numbers", "filter": condition{"must": []condition{
			match("path", engine.Path(c.Field.Path)), {"key": "value", "range": map[string]any{order: *number}},
		}}}}, nil
	case c.Field.Column != "":
		values := make([]string, len(c.Values))
		for i, v := range c.Values {
			values[i] = v.(string)
		}
		return match(c.Field.Column, values...), nil
	}
	facts, err := engine.FilterFacts(c)
	if err != nil {
		return nil, err
	}
	if c.Operator == "has" {
		return condition{"should": []condition{match("equal", facts...), match("elements", facts...)}}, nil
	}
	return match("equal", facts...), nil
}

// either holds where one of the conditions does.
func either(list ...condition) condition { return condition{"should": list} }

// pages compares numbers with the pages of a passage, and all values with metadata.
func pages(c filter.Comparison) (condition, error) {
	other := c
	other.Field.Column = ""
	metadata, err := comparison(other)
	if err != nil {
		return nil, err
	}
	list := []condition{metadata}
	for _, bounds := range engine.FilterPages(c) {
		var both []condition
		for field, limits := range bounds {
			both = append(both, condition{"key": field, "range": limits})
		}
		list = append(list, condition{"must": both})
	}
	return either(list...), nil
}

func times(c filter.Comparison) condition {
	list := make([]condition, len(c.Values))
	for i, v := range c.Values {
		p := v.(filter.Period)
		bounds := map[string]any{}
		switch c.Operator {
		case "<":
			bounds["lt"] = p.First
		case "<=":
			bounds["lt"] = p.Next
		case ">":
			bounds["gte"] = p.Next
		case ">=":
			bounds["gte"] = p.First
		default:
			bounds["gte"], bounds["lt"] = p.First, p.Next
		}
		list[i] = condition{"key": "time", "range": bounds}
	}
	return condition{"should": list}
}
