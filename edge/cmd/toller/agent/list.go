package agent

import (
	"context"
	"fmt"
	"strings"

	"github.com/toller-search/toller/store/filter"
)

const (
	defaultListed = 50
	mostListed    = 200
	listedBytes   = 64 << 10 // of keys; a page that has more ends early
)

type listArguments struct {
	Index  string `json:"index,omitempty" jsonschema:"Name of the index."`
	Glob   string `json:"glob,omitempty" jsonschema:"List only documents whose whole key matches, for example *.pdf or */contracts/*. * stands for any characters, / included, ? for one, [a-z] for one of a set; capitals count."`
	Filter string `json:"filter,omitempty" jsonschema:"List only documents for which this is true, for example: time >= 2026-01-01 and format = 'pdf'. The language is that of search."`
	Limit  int    `json:"limit,omitempty" jsonschema:"How many documents to return."`
	After  string `json:"after,omitempty" jsonschema:"List what comes after this key: next_after of the page before."`
}

type listResult struct {
	Documents []listed `json:"documents" jsonschema:"in the order of their keys"`
	NextAfter string   `json:"next_after,omitempty" jsonschema:"after for the next page; missing where there is none"`
}

// listed is a document of a list.
type listed struct {
	Key   string `json:"key" jsonschema:"for read_document"`
	Title string `json:"title,omitempty"`
	Time  string `json:"time,omitempty" jsonschema:"last change"`
}

func (s *Server) addList() error {
	return add(s, tool[listArguments, listResult]{
		name: "list", title: "List documents",
		description: "Lists the documents of an index by key, all or those that match a glob or a filter: to see what there is, or to find a file by its name. " +
			"To find documents by what they say use search.",
		bound: func(p *properties) {
			oneOf(p.schema.Properties["index"], s.names())
			if len(s.indexes) > 1 {
				p.schema.Required = append(p.schema.Required, "index")
			}
			p.text("glob", 0, keyLength)
			p.text("filter", 0, filterBytes)
			p.number("limit", 1, mostListed, defaultListed)
			p.text("after", 0, keyLength)
		},
		call: s.list,
	})
}

func (s *Server) list(ctx context.Context, _ *progress, a listArguments) (*listResult, string, error) {
	if err := checkFilter(a.Filter); err != nil {
		return nil, "", err
	}
	if _, err := filter.Parse(a.glob()); err != nil {
		return nil, "", fmt.Errorf("the glob can't be read: %s", strings.TrimPrefix(err.Error(), "filter: "))
	}
	name := a.Index
	if name == "" {
		name = s.indexes[0].Name // the schema wants one where there are several
	}
	indexes, err := s.chosen(name)
	if err != nil {
		return nil, "", err
	}
	found, err := indexes[0].Index.List(ctx, a.condition(), a.After, a.Limit+1)
	if err != nil {
		return nil, "", err
	}
	r := &listResult{Documents: []listed{}}
	if len(found) == 0 {
		slips, err := slipsIn(ctx, indexes, a.Filter)
		return r, "No documents. A glob has to match the whole key: try *NAME*, or list without glob and filter." + slips, err
	}
	size := 0
	for _, e := range found {
		if n := len(r.Documents); n == a.Limit || n > 0 && size+len(e.Key) > listedBytes {
			r.NextAfter = r.Documents[n-1].Key
			break
		}
		size += len(e.Key)
		r.Documents = append(r.Documents, listed{Key: e.Key, Title: clipped(e.Title), Time: moment(e.Time)})
	}
	return r, r.text(), nil
}

// glob is the glob as a filter, "" without one.
func (a *listArguments) glob() string {
	if a.Glob == "" {
		return ""
	}
	return "key ~ '" + strings.ReplaceAll(a.Glob, "'", "''") + "'"
}

// condition is the glob and the filter as one filter.
func (a *listArguments) condition() string {
	glob := a.glob()
	switch {
	case glob == "":
		return a.Filter
	case a.Filter == "":
		return glob
	}
	return "(" + a.Filter + ") and " + glob
}

// text shows documents as lines.
func (r *listResult) text() string {
	var b strings.Builder
	for _, d := range r.Documents {
		b.WriteString(d.Key)
		for _, part := range []string{oneLine(d.Title), d.Time} {
			if part != "" {
				b.WriteString(" | " + part)
			}
		}
		b.WriteByte('\n')
	}
	if r.NextAfter != "" {
		fmt.Fprintf(&b, "More: after %s\n", r.NextAfter)
	}
	return b.String()
}
