package store

import (
	"context"
	"database/sql"
	"math"
	"strings"
	"unicode"
)

// maxWords is how many different words of a query are looked up: a long text
// as a query would otherwise read most of the full text's lists.
const maxWords = 64

// stopWords are left out of a query that has other words.
var stopWords = map[string]bool{}

func init() {
	for word := range strings.FieldsSeq(`a about above after again all also am an and any are as at be because been
		before being below between both but by can could did do does doing down during each few for from further had has
		have having he her here hers him his how i if in into is it its just me more most my no nor not now of off on once
		only or other our out over own s same she should so some such t than that the their them then there these they
		this those through to too under until up very was we were what when where which while who whom why will with
		would you your`) {
		stopWords[word] = true
	}
}

// words splits a query as FTS5's tokenizer unicode61 splits texts: stretches
// of letters, digits and private characters. Files before version 3 are asked for
// them.
func words(query string) []string {
	all := strings.FieldsFunc(query, func(r rune) bool {
		return !(unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.Co, r) || unicode.Is(unicode.Mn, r))
	})
	seen := map[string]bool{}
	var content, stop []string
	for _, word := range all {
		lower := strings.ToLower(word)
		if seen[lower] {
			continue
		}
		seen[lower] = true
		if stopWords[lower] {
			stop = append(stop, word)
		} else {
			content = append(content, word)
		}
	}
	if len(content) == 0 {
		content = stop
	}
	return content[:min(len(content), maxWords)]
}

// worded is a passage with what full text has of it.
type worded struct {
	id                   int64
	title, heading, body string
}

// worded reads what full text has of the first passages above last, in the
// order of their ids: at most limit, and not many more bytes than maxWorded. There
// are no more when it returns none.
func (t *transaction) worded(ctx context.Context, last int64, limit int) ([]worded, error) {
	type place struct {
		document   int64
		start, end int
	}
	var passages []worded
	var places []place
	if err := t.each(ctx, `SELECT p.id, d.title, p.heading, d.id, p.start, p."end" FROM passages p JOIN documents d ON d.id = p.document
		WHERE p.id > ? ORDER BY p.id LIMIT ?`, []any{last, limit}, func(r *sql.Rows) error {
		var p worded
		var at place
		err := r.Scan(&p.id, &p.title, &p.heading, &at.document, &at.start, &at.end)
		passages, places = append(passages, p), append(places, at)
		return err
	}); err != nil {
		return nil, err
	}
	// A long text is read once for all its passages.
	var text string
	size := 0
	for i, at := range places {
		if i == 0 || at.document != places[i-1].document {
			var err error
			if text, err = t.text(ctx, at.document); err != nil {
				return nil, err
			}
		}
		if at.start < 0 || at.end < at.start || text != "" && at.end > len(text) {
			return nil, t.store.corrupt("passage %d: bytes [%d, %d) of a text of %d", passages[i].id, at.start, at.end, len(text))
		}
		passages[i].body = body(text, at.start, at.end)
		if size += at.end - at.start; size > maxWorded {
			return passages[:i+1], nil
		}
	}
	return passages, nil
}

// maxWorded bounds the texts that are in memory at once.
const maxWorded = 8 << 20

// insertWords adds a passage to full text.
func (t *transaction) insertWords(ctx context.Context, p worded) error {
	if _, err := p.reword(ctx); err != nil {
		return err
	}
	_, err := t.exec(ctx, insertWords, p.id, p.title, p.heading, p.body)
	return err
}

// reword makes the wording of each text, and says whether that changes what
// FTS5 finds in them.
func (p *worded) reword(ctx context.Context) (bool, error) {
	different := false
	for _, text := range []*string{&p.title, &p.heading, &p.body} {
		wording, changed, err := reworded(ctx, *text)
		if err != nil {
			return false, err
		}
		*text, different = wording, different || changed
	}
	return different, nil
}

// reindexWords makes full text anew. FTS5 never stops counting the passages that
// were deleted in BM25's number of passages and mean length.
func (t *transaction) reindexWords(ctx context.Context, progress func(done int)) error {
	if _, err := t.exec(ctx, `INSERT INTO words (words) VALUES ('delete-all')`); err != nil {
		return err
	}
	done := 0
	for last := int64(0); ; {
		const batch = 1000
		passages, err := t.worded(ctx, last, batch)
		if err != nil {
			return err
		}
		for _, p := range passages {
			if err := t.insertWords(ctx, p); err != nil {
				return err
			}
			last = p.id
		}
		if len(passages) == 0 {
			return nil
		}
		done += len(passages)
		progress(done)
	}
}

// lexical is the k passages, or documents, with the largest BM25.
func (s *search) lexical(ctx context.Context, k int, perDocument bool) ([]scored, error) {
	expression := match(termsFor(s.version, s.Text))
	if expression == "" {
		return nil, nil
	}
	// Without a filter and with every passage counting, SQLite needs to sort
	// out only the first k.
	limit := -1
	if s.allowed == nil && !perDocument {
		limit = k
	}
	rows, err := s.QueryContext(ctx, `SELECT w.rowid, -bm25(words) AS score, p.document
		FROM words w CROSS JOIN passages p ON p.id = w.rowid
		WHERE words MATCH ? ORDER BY score DESC, w.rowid LIMIT ?`, expression, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	documents := map[int64]bool{}
	var list []scored
	for len(list) < k && rows.Next() {
		var one scored
		var score float64
		if err := rows.Scan(&one.passage, &score, &one.document); err != nil {
			return nil, err
		}
		if math.IsNaN(score) || s.allowed != nil && !s.allowed.has(one.passage) {
			continue
		}
		if perDocument {
			if documents[one.document] {
				continue
			}
			documents[one.document] = true
		}
		one.score = float32(score)
		list = append(list, one)
	}
	return list, rows.Err()
}
