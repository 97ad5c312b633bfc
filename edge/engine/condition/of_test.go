package condition

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/engine"
	"github.com/toller-search/toller/store/filter"
)

func TestOf(t *testing.T) {
	year := func(operator string, value any) filter.Comparison {
		return filter.Comparison{Field: filter.Operand{Path: []string{"year"}}, Operator: operator, Values: []any{value}}
	}
	page := func(operator string, value any) filter.Comparison {
		return filter.Comparison{Field: filter.Operand{Path: []string{"page"}}, Operator: operator, Values: []any{value}}
	}
	title := filter.Operand{Column: "title"}
	const first, next = 1714521600000, 1714608000000 // of 2024-05-01
	for _, test := range []struct {
		expr string
		want Condition
	}{
		{``, nil},
		{`key = "a"`, OneOf{"key", []string{"a"}}},
		{`key in ("a", "b") and has title`, All{OneOf{"key", []string{"a", "b"}}, Filled{"title"}}},
		{`not (has time or has n.x)`, Not{Any{Present{"time"}, OneOf{"present", []string{`"n"."x"`}}}}},
		{`year in (1840, "x", true)`, OneOf{"equal", []string{`"year"=n1840`, `"year"=sx`, `"year"=btrue`}}},
		{`year has 1`, Any{OneOf{"equal", []string{`"year"=n1`}}, OneOf{"elements", []string{`"year"=n1`}}}},
		{`year < 1840`, Compared{year("<", int64(1840)), Bounds{"lt": int64(1840)}, true}},
		{`year >= "x"`, Compared{year(">=", "x"), Bounds{"gte": "x"}, false}},
		{`title ~ "a*"`, Compared{Comparison: filter.Comparison{Field: title, Operator: "~", Values: []any{"a*"}}}},
		{`time = 2024-05-01`, Any{Range{"time", Bounds{"gte": int64(first), "lt": int64(next)}}}},
		{`time < 2024-05-01`, Any{Range{"time", Bounds{"lt": int64(first)}}}},
		{`time <= 2024-05-01`, Any{Range{"time", Bounds{"lt": int64(next)}}}},
		{`time > 2024-05-01`, Any{Range{"time", Bounds{"gte": int64(next)}}}},
		{`time >= 2024-05-01`, Any{Range{"time", Bounds{"gte": int64(first)}}}},
		{`has page`, Any{OneOf{"present", []string{`"page"`}}, Present{"first_page"}}},
		{`page in (3, "x")`, Any{OneOf{"equal", []string{`"page"=n3`, `"page"=sx`}},
			All{Range{"first_page", Bounds{"lte": int64(3)}}, Range{"last_page", Bounds{"gte": int64(3)}}}}},
		{`page <= 2.5`, Any{Compared{page("<=", 2.5), Bounds{"lte": 2.5}, true}, All{Range{"first_page", Bounds{"lte": 2.5}}}}},
		{`page > 2`, Any{Compared{page(">", int64(2)), Bounds{"gt": int64(2)}, true}, All{Range{"last_page", Bounds{"gt": int64(2)}}}}},
		{"`page` = 3", OneOf{"equal", []string{`"page"=n3`}}},
	} {
		e, err := filter.Parse(test.expr)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Of(e); err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: found %#v, %v, expected %#v", test.expr, got, err, test.want)
		}
	}
	for _, expr := range []string{`year = 9007199254740993`, `has key and not (year > -9007199254740993 or year = 1)`, `page in (1, 9007199254740993)`} {
		e, err := filter.Parse(expr)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Of(e); !errors.Is(err, engine.ErrFilter) || !strings.Contains(err.Error(), "9007199254740993") {
			t.Errorf("%s: %v", expr, err)
		}
	}
}
