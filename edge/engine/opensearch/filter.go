package opensearch

import (
	"fmt"
	"strings"

	"github.com/toller-search/toller/edge/engine"
	"github.com/toller-search/toller/edge/engine/condition"
	"github.com/toller-search/toller/store/filter"
)

// clause is a query of OpenSearch, or a part of one, as JSON.
type clause map[string]any

// translate makes a query of an expression, nil of one that holds for all.
func translate(e *filter.Expr) (clause, error) {
	root, err := condition.Of(e)
	if root == nil || err != nil {
		return nil, err
	}
	return write(root)
}

func write(c condition.Condition) (clause, error) {
	switch c := c.(type) {
	case condition.Any:
		return joined("should", c)
	case condition.All:
		return joined("filter", c)
	case condition.Not:
		return joined("must_not", []condition.Condition{c.Condition})
	case condition.OneOf:
		return terms(keyword(c.Field), c.Values...), nil
	case condition.Present:
		return clause{"exists": clause{"field": c.Field}}, nil
	case condition.Filled:
		return clause{"bool": clause{"must_not": terms(keyword(c.Field), "")}}, nil
	case condition.Range:
		return clause{"range": clause{c.Field: c.Bounds}}, nil
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
	return clause{"bool": clause{how: list}}, nil
}

// keyword is a field that isn't cut into words.
func keyword(field string) string {
	if field == "title" {
		return "title.keyword"
	}
	return field
}

func terms(field string, values ...string) clause {
	return clause{"terms": clause{field: values}}
}

func compared(c condition.Compared) (clause, error) {
	if c.Field.Column != "" {
		return relation(c, keyword(c.Field.Column))
	}
	list := "strings"
	if c.Number {
		list = "numbers"
	}
	value, err := relation(c, list+".value")
	if err != nil {
		return nil, err
	}
	return clause{"nested": clause{"path": list, "query": clause{"bool": clause{"filter": []clause{
		terms(list+".path", engine.Path(c.Field.Path)), value,
	}}}}}, nil
}

// relation has * and ? mean what they mean in the filter language. A backslash, which
// is nothing special there, is in OpenSearch's patterns.
func relation(c condition.Compared, field string) (clause, error) {
	if c.Bounds != nil {
		return clause{"range": clause{field: c.Bounds}}, nil
	}
	glob := c.Values[0].(string)
	if strings.Contains(glob, "[") {
		return nil, fmt.Errorf("%w: %s ~ %q: OpenSearch's patterns have no sets of characters", engine.ErrFilter, c.Field, glob)
	}
	return clause{"wildcard": clause{field: clause{"value": strings.ReplaceAll(glob, `\`, `\\`)}}}, nil
}
