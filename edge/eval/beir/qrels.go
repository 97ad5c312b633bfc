package beir

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Qrels are relevance judgements: query id to document id to grade, 0 for
// documents that were judged and found irrelevant.
type Qrels map[string]map[string]int

// ReadQrels reads a judgement file. A first line whose grade begins with a
// letter is taken as a header. Ids may contain spaces, but no tabs. A
// document judged twice for a query with different grades is an error, and
// so is a file without judgements.
func ReadQrels(path string) (Qrels, error) {
	qrels := make(Qrels)
	first := true
	for line, err := range lines(path) {
		if err != nil {
			return nil, err
		}
		fields := strings.Split(strings.TrimRight(string(line.text), "\r"), "\t")
		header := first && len(fields) == 3 && startsWithLetter(fields[2])
		first = false
		if header {
			continue
		}
		if err := qrels.add(fields); err != nil {
			return nil, line.fail(err)
		}
	}
	if len(qrels) == 0 {
		return nil, fmt.Errorf("beir: %s: expected a judgement a line, found none", path)
	}
	return qrels, nil
}

func (q Qrels) add(fields []string) error {
	if len(fields) != 3 {
		return fmt.Errorf("expected 3 fields separated by tabs (query-id, corpus-id, score), found %d", len(fields))
	}
	query, document := fields[0], fields[1]
	if query == "" {
		return errors.New("query-id: expected an id, found nothing")
	}
	if document == "" {
		return errors.New("corpus-id: expected an id, found nothing")
	}
	grade, err := strconv.Atoi(fields[2])
	if err != nil {
		return fmt.Errorf("score: expected an integer, found %q", fields[2])
	}
	if q[query] == nil {
		q[query] = make(map[string]int)
	}
	if before, ok := q[query][document]; ok && before != grade {
		return fmt.Errorf("score: query %q and document %q have %d here and %d before", query, document, grade, before)
	}
	q[query][document] = grade
	return nil
}

// Answerable are the ids of the queries for which some document is relevant, ascending.
func (q Qrels) Answerable() []string {
	var queries []string
	for _, query := range slices.Sorted(maps.Keys(q)) {
		if q.answerable(query) {
			queries = append(queries, query)
		}
	}
	return queries
}

// answerable tells whether some document is relevant to the query.
func (q Qrels) answerable(query string) bool {
	for _, grade := range q[query] {
		if grade >= 1 {
			return true
		}
	}
	return false
}

func startsWithLetter(s string) bool {
	return s != "" && (s[0]|0x20) >= 'a' && (s[0]|0x20) <= 'z'
}
