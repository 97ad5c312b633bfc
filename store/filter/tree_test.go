package filter

import (
	"reflect"
	"testing"
)

func TestTree(t *testing.T) {
	author := Operand{Path: []string{"author"}}
	for _, c := range []struct {
		expr string
		want Node
	}{
		{"", nil},
		{`has title`, Or{And{Present{Operand{Column: "title"}}}}},
		{`author != "Ada"`, Or{And{Not{Comparison{author, "=", []any{"Ada"}}}}}},
		{`author not in ("Ada", 1, 2.5, true)`, Or{And{Not{Comparison{author, "=", []any{"Ada", int64(1), 2.5, true}}}}}},
		{`not (a.` + "`b.c`" + ` has 1 or key ~ "x*")`, Or{And{Not{Or{
			And{Comparison{Operand{Path: []string{"a", "b.c"}}, "has", []any{int64(1)}}},
			And{Comparison{Operand{Column: "key"}, "~", []any{"x*"}}},
		}}}}},
		{`page >= 3`, Or{And{Comparison{Operand{"page", []string{"page"}}, ">=", []any{int64(3)}}}}},
		{"`page` = 3", Or{And{Comparison{Operand{Path: []string{"page"}}, "=", []any{int64(3)}}}}},
		{"`` = 1 and time < 1970-01-02", Or{And{
			Comparison{Operand{Path: []string{""}}, "=", []any{int64(1)}},
			Comparison{Operand{Column: "time"}, "<", []any{Period{86_400_000, 2 * 86_400_000}}},
		}}},
	} {
		e, err := Parse(c.expr)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Tree(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: expected %#v, found %#v", c.expr, c.want, got)
		}
	}
	if (*Expr)(nil).Tree() != nil {
		t.Error("no expression is one")
	}
	if s := (Operand{Path: []string{"a", "b"}}).String(); s != "a.b" {
		t.Errorf("found %q", s)
	}
}
