package trec

import (
	"fmt"
	"io"
	"strconv"

	"github.com/toller-search/toller/edge/eval/beir"
)

// ReadQrels reads judgements; name is what errors call them. It takes BEIR's three
// columns too, QUERY DOCUMENT GRADE, with their header. A document that is judged twice
// for a query is an error unless the grades agree.
func ReadQrels(r io.Reader, name string) (beir.Qrels, error) {
	qrels := make(beir.Qrels)
	first := true
	err := lines(r, name, func(fields []string) error {
		header := first && len(fields) == 3 && fields[0] == "query-id"
		first = false
		if header {
			return nil
		}
		if len(fields) == 4 {
			fields = append(fields[:1:1], fields[2:]...)
		}
		if len(fields) != 3 {
			return fmt.Errorf("expected 4 fields (query, 0, document, grade), found %d", len(fields))
		}
		query, document := fields[0], fields[1]
		grade, err := strconv.Atoi(fields[2])
		if err != nil {
			return fmt.Errorf("grade: expected an integer, found %q", fields[2])
		}
		if qrels[query] == nil {
			qrels[query] = make(map[string]int)
		}
		if before, ok := qrels[query][document]; ok && before != grade {
			return fmt.Errorf("grade: query %q and document %q have %d here and %d before", query, document, grade, before)
		}
		qrels[query][document] = grade
		return nil
	})
	if err == nil && len(qrels) == 0 {
		err = fmt.Errorf("trec: %s: expected a judgement a line, found none", name)
	}
	return qrels, err
}
