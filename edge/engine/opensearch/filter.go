package opensearch

import (
	"fmt"
	"strings"

	"github.com/toller-search/toller/edge/engine"
	"github.com/toller-search/toller/store/filter"
)

// condition is a query of OpenSearch, or a part of one, as JSON.
type condition map[string]any

// translate makes a query of an expression, nil of one that holds for all.
func translate(e *filter.Expr) (condition, error) {
	root := e.Tree()
	if root == nil {
		return nil, nil
	}
	return node(root)
}

func node(n filter.Node) (condition, error) {
	switch n := n.(type) {
	case filter.Or:
		return joined("should", n)
	case filter.And:
		return joined("filter", n)
	case filter.Not:
		return joined("must_not", []filter.Node{n.Node})
	case filter.Present:
		if n.Field.Column == "page" {
			return either(present(filter.Operand{Path: n.Field.Path}), condition{"exists": condition{"field": "first_page"}}), nil
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
	return condition{"bool": condition{how: list}}, nil
}

func present(f filter.Operand) condition {
	switch f.Column {
	case "":
		return terms("present", engine.Path(f.Path))
	case "time":
		return condition{"exists": condition{"field": "time"}}
	default:
		return condition{"bool": condition{"must_not": terms(keyword(f.Column), "")}}
	}
}

// keyword is the field of a column that isn't cut into words.
func keyword(column string) string {
	if column == "title" {
		return "title.keyword"
	}
	return column
}

func terms(field string, values ...string) condition {
	return condition{"terms": condition{field: values}}
}

// ranges are the names of comparisons.
var ranges = map[string]string{"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}

func comparison(c filter.Comparison) (condition, error) {
	column, order := c.Field.Column, ranges[c.Operator]
	switch {
	case column == "page":
		return pages(c)
	case column == "time":
		return times(c), nil
	case c.Operator == "~" || order != "":
		number, err := engine.FilterNumber(c.Values[0])
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", engine.ErrFilter, c.Field, err)
		}
		field := keyword(column)
		if column == "" {
			field = "strings.value"
		}
		if number != nil {
			field = "numbers.value"
		}
		var relation condition
		if order != "" {
			relation = condition{"range": condition{field: condition{order: c.Values[0]}}}
		} else if relation, err = pattern(c, field); err != nil {
			return nil, err
		}
		if column != "" {
			return relation, nil
		}
		list, _, _ := strings.Cut(field, ".")
		return condition{"nested": condition{"path": list, "query": condition{"bool": condition{"filter": []condition{
			terms(list+".path", engine.Path(c.Field.Path)), relation,
		}}}}}, nil
	case column != "":
		values := make([]string, len(c.Values))
		for i, v := range c.Values {
			values[i] = v.(string)
		}
		return terms(keyword(column), values...), nil
	}
	facts, err := engine.FilterFacts(c)
	if err != nil {
		return nil, err
	}
	if c.Operator == "has" {
		return condition{"bool": condition{"should": []condition{terms("equal", facts...), terms("elements", facts...)}}}, nil
	}
	return terms("equal", facts...), nil
}

// pattern has * and ? mean what they mean in the filter language. A backslash, which
// is nothing special there, is in OpenSearch's.
func pattern(c filter.Comparison, field string) (condition, error) {
	glob := c.Values[0].(string)
	if strings.Contains(glob, "[") {
		return nil, fmt.Errorf("%w: %s ~ %q: OpenSearch's patterns have no sets of characters", engine.ErrFilter, c.Field, glob)
	}
	return condition{"wildcard": condition{field: condition{"value": strings.ReplaceAll(glob, `\`, `\\`)}}}, nil
}

// either holds where one of the conditions does.
func either(list ...condition) condition {
	return condition{"bool": condition{"should": list}}
}

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
			both = append(both, condition{"range": condition{field: limits}})
		}
		list = append(list, condition{"bool": condition{"filter": both}})
	}
	return either(list...), nil
}

func times(c filter.Comparison) condition {
	list := make([]condition, len(c.Values))
	for i, v := range c.Values {
		p := v.(filter.Period)
		bounds := condition{}
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
		list[i] = condition{"range": condition{"time": bounds}}
	}
	return condition{"bool": condition{"should": list}}
}
