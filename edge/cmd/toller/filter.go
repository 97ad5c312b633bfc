package main

import (
	"context"
	"slices"
	"strings"

	"github.com/toller-search/toller/edge/cmd/toller/terminal"
	"github.com/toller-search/toller/edge/index"
	"github.com/toller-search/toller/store/filter"
)

// checkFilter refuses the value of --filter if it is no expression.
func checkFilter(expression string) error {
	if _, err := filter.Parse(expression); err != nil {
		return usage("--%w", err) // "filter: column 5: ..."
	}
	return nil
}

// noteFields says which fields of a filter no document has.
func noteFields(ctx context.Context, x *index.Index, expression string) error {
	missing, err := x.MissingFields(ctx, expression)
	if err != nil || len(missing) == 0 {
		return err
	}
	names, err := x.Fields(ctx)
	if err != nil {
		return err
	}
	const most = 20
	known := []string{"key", "title", "source", "time"}
	if !slices.Contains(missing, "page") {
		known = append(known, "page")
	}
	for i, name := range names {
		if i == most {
			known = append(known, "…")
			break
		}
		known = append(known, filter.Quote(name))
	}
	for _, name := range missing {
		note("no document has the field %s; there are %s", terminal.Clean(name), terminal.Clean(strings.Join(known, ", ")))
	}
	return nil
}
