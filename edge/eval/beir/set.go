package beir

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Set names the files of one test collection.
type Set struct {
	Corpus  string
	Queries string
	Qrels   string
}

// Find locates the files of the collection in dir. Queries and qrels name
// other files of that folder to use instead of the default ones, such as
// those of a training split; empty means the default. Names may leave the
// ending .gz out.
func Find(dir, queries, qrels string) (Set, error) {
	queryNames, qrelNames := []string{queries}, []string{qrels}
	if queries == "" {
		queryNames = []string{"queries.jsonl"}
	}
	if qrels == "" {
		qrelNames = []string{"qrels.tsv", "qrels/test.tsv"}
	}
	var s Set
	var err error
	if s.Corpus, err = locate(dir, "corpus.jsonl"); err != nil {
		return Set{}, err
	}
	if s.Queries, err = locate(dir, queryNames...); err != nil {
		return Set{}, err
	}
	if s.Qrels, err = locate(dir, qrelNames...); err != nil {
		return Set{}, err
	}
	return s, nil
}

// locate returns the first of the named files that is in dir, plain or
// gzipped.
func locate(dir string, names ...string) (string, error) {
	var tried []string
	for _, name := range names {
		for _, ending := range []string{"", ".gz"} {
			path := filepath.Join(dir, filepath.FromSlash(name)) + ending
			info, err := os.Stat(path)
			if errors.Is(err, fs.ErrNotExist) {
				tried = append(tried, name+ending)
				continue
			}
			if err != nil {
				return "", fmt.Errorf("beir: %w", err)
			}
			if !info.Mode().IsRegular() {
				return "", fmt.Errorf("beir: %s: expected a regular file, found %s", path, info.Mode())
			}
			return path, nil
		}
	}
	return "", fmt.Errorf("beir: %s: no %s: %w", dir, strings.Join(tried, " or "), fs.ErrNotExist)
}

// Judged returns the queries for which some document is relevant (grade 1 or
// more), in the order of the queries file, together with all judgements.
// Queries without a relevant document are left out, since no ranking of
// theirs is better than another; BEIR's own collections have none.
//
// A judged query whose text is missing is an error: leaving it out would
// change every mean, and it usually means that queries and judgements belong
// to different splits.
func (s Set) Judged() ([]Query, Qrels, error) {
	qrels, err := ReadQrels(s.Qrels)
	if err != nil {
		return nil, nil, err
	}
	missing := make(map[string]bool, len(qrels))
	for id := range qrels {
		missing[id] = true
	}
	var queries []Query
	for query, err := range Queries(s.Queries) {
		if err != nil {
			return nil, nil, err
		}
		delete(missing, query.ID)
		if qrels.answerable(query.ID) {
			queries = append(queries, query)
		}
	}
	if len(missing) > 0 {
		example := slices.Min(slices.Collect(maps.Keys(missing)))
		return nil, nil, fmt.Errorf("beir: %s: %d of its %d queries are not in %s, such as %q",
			s.Qrels, len(missing), len(qrels), s.Queries, example)
	}
	if len(queries) == 0 {
		return nil, nil, fmt.Errorf("beir: %s: expected a grade of 1 or more for some query, found none", s.Qrels)
	}
	return queries, qrels, nil
}
