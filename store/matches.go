package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Match is a stretch of a text that full text takes for a word of a query.
type Match struct {
	Start, End int // bytes of the text
	// Word is the query's, as it stands there: the first of those that are the
	// same to full text, such as "run" and "running".
	Word string
	// Weight is the word's share in the query, the same for all of its words and
	// 1 for all together, spread evenly over the places of the text, so that rare
	// words count more.
	Weight float64
}

// Matches finds in each text what answers the words of a query, as a lexical
// search does: which words are left out, where one begins and ends, and which
// are the same in spite of case, accents and endings is decided by what decides
// a search. The texts need not be in the store.
//
// The matches of a text are in its order and don't overlap. Of script without
// spaces, in which a query's words are looked for piece by piece, a match may be
// the rest of a piece that overlaps the one before. Only a text's first mebibyte is
// looked at. Bytes that aren't UTF-8 separate words.
func (s *Store) Matches(ctx context.Context, query string, texts []string) ([][]Match, error) {
	if s.closed.Load() {
		return nil, fmt.Errorf("store: %s: match: %w", s.path, ErrClosed)
	}
	matches := make([][]Match, len(texts))
	version := s.version.Load()
	m := matcher{terms: termsFor(version, query), plain: version < wordingVersion}
	if len(m.terms) == 0 {
		return matches, nil
	}
	for first := 0; first < len(texts); {
		// At once as much as one text may have, to bound memory.
		count, bytes := 1, len(texts[first])
		for first+count < len(texts) && bytes+len(texts[first+count]) <= maxMatched {
			bytes += len(texts[first+count])
			count++
		}
		if err := m.match(ctx, s.matching, texts[first:first+count], matches[first:]); err != nil {
			return nil, s.sqlFailure(ctx, "match", err)
		}
		first += count
	}
	return matches, nil
}

const (
	maxMatched = 1 << 20 // bytes of a text that are looked at

	// FTS5's highlight takes time in proportion to the length times the marks of
	// what it is given. So a wording is given in pieces, cut where no word can be:
	// at the first ASCII separator from shortPiece on that isn't inRun. A piece of
	// longPiece bytes without one, which few texts have, is cut between any two
	// characters.
	shortPiece = 4 << 10
	longPiece  = 16 << 10

	// Marks that no UTF-8 has.
	markStart, markEnd = "\xfe", "\xff"
)

// matchedTable is what texts are compared with a query in: in memory, with the
// tokenizer of full text, and in its wording. highlight needs the texts
// themselves, which full text doesn't keep.
const matchedTable = `CREATE VIRTUAL TABLE matched USING fts5 (text, tokenize='` + tokenizer + `')`

// openMatching returns a database in memory with that table.
func openMatching(connections int) *sql.DB {
	db := sql.OpenDB(&connector{name: "file::memory:", setup: []string{matchedTable}})
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db
}

// matcher finds the terms of a query in texts.
type matcher struct {
	terms []term
	plain bool // texts are compared as they are, not in their wording
}

// piece is a part of a text's wording. It is a row of the table: the first rows
// are the query's own terms, the pieces follow.
type piece struct {
	text  int // which
	spans []span
	start int // where in its wording
	size  int
}

// match writes the matches of each of texts to out.
func (m *matcher) match(ctx context.Context, db *sql.DB, texts []string, out [][]Match) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	pieces, err := m.insert(ctx, tx, texts)
	if err != nil {
		return err
	}
	different := 0
	for i := range m.terms {
		is, err := m.find(ctx, tx, i, pieces, out)
		if err != nil {
			return err
		}
		if is {
			different++
		}
	}
	for i := range texts {
		out[i] = weighed(out[i], different)
	}
	return nil
}

// insert fills the table.
func (m *matcher) insert(ctx context.Context, tx *sql.Tx, texts []string) ([]piece, error) {
	statement, err := tx.PrepareContext(ctx, `INSERT INTO matched (text) VALUES (?)`)
	if err != nil {
		return nil, err
	}
	for _, t := range m.terms {
		if _, err := statement.ExecContext(ctx, t.form); err != nil {
			return nil, err
		}
	}
	var pieces []piece
	for i, text := range texts {
		text = separated(text[:min(len(text), maxMatched)])
		spans := []span{{end: len(text)}}
		if !m.plain {
			if text, spans, err = trace(ctx, text); err != nil {
				return nil, err
			}
		}
		for start := 0; start < len(text); {
			size := pieceSize(text[start:])
			if _, err := statement.ExecContext(ctx, text[start:start+size]); err != nil {
				return nil, err
			}
			pieces = append(pieces, piece{i, spans, start, size})
			start += size
		}
	}
	return pieces, nil
}

// find appends the matches of a term of the query to those of the texts, unless
// it is none to FTS5, or the same as one before; it says whether it did.
func (m *matcher) find(ctx context.Context, tx *sql.Tx, n int, pieces []piece, out [][]Match) (bool, error) {
	rows, err := tx.QueryContext(ctx, `SELECT rowid - 1, highlight(matched, 0, ?, ?) FROM matched WHERE matched MATCH ? ORDER BY rowid`,
		markStart, markEnd, m.terms[n].expression())
	if err != nil {
		return false, err
	}
	defer rows.Close()
	t := m.terms[n]
	is := t.piece // different pieces are never the same
	for rows.Next() {
		var row int
		var marked sql.RawBytes
		if err := rows.Scan(&row, &marked); err != nil {
			return false, err
		}
		if row < len(m.terms) {
			is = is || row == n
			same := false
			marks(marked, func(start, end int) { same = start == 0 && end == len(m.terms[row].form) })
			if row < n && same && !t.piece {
				return false, nil
			}
			continue
		}
		p := pieces[row-len(m.terms)]
		size := marks(marked, func(start, end int) {
			start, end = original(p.spans, p.start+start, p.start+end, t.single)
			out[p.text] = append(out[p.text], Match{Start: start, End: end, Word: t.word})
		})
		if size != p.size {
			return false, fmt.Errorf("FTS5 highlighted %d bytes of %d", size, p.size)
		}
	}
	return is, rows.Err()
}

// separated is a text in which what SQLite can't be given, NUL and bytes that
// are no UTF-8, is spaces, which separate words as well.
func separated(text string) string {
	if utf8.ValidString(text) && !strings.Contains(text, "\x00") {
		return text
	}
	out := []byte(text)
	for i := 0; i < len(out); {
		r, size := utf8.DecodeRune(out[i:])
		if r == 0 || r == utf8.RuneError && size == 1 {
			out[i] = ' '
		}
		i += size
	}
	return string(out)
}

// pieceSize is how many bytes of a text are its first piece.
func pieceSize(text string) int {
	for i := shortPiece; i < min(len(text), longPiece); i++ {
		if c := text[i]; c < utf8.RuneSelf && c != inRun && !isLetterOrDigit(c) {
			return i
		}
	}
	if len(text) <= longPiece {
		return len(text)
	}
	size := longPiece
	for !utf8.RuneStart(text[size]) {
		size--
	}
	return size
}

func isLetterOrDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// marks calls f with each stretch between a start and an end, in bytes of the
// text without marks, and returns how many those are.
func marks(marked []byte, f func(start, end int)) int {
	at, start := 0, 0
	for _, c := range marked {
		switch c {
		case markStart[0]:
			start = at
		case markEnd[0]:
			f(start, at)
		default:
			at++
		}
	}
	return at
}

// weighed sorts the matches of a text and gives them their weights; different
// is how many words the query has.
func weighed(matches []Match, different int) []Match {
	slices.SortFunc(matches, func(a, b Match) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End))
	})
	// Several words are at one place where FTS5 splits one that the query doesn't,
	// and pieces of script without spaces overlap.
	end := 0
	for i := range matches {
		m := &matches[i]
		m.Start = max(m.Start, end)
		end = max(end, m.End)
	}
	matches = slices.DeleteFunc(matches, func(m Match) bool { return m.Start >= m.End })
	places := map[string]int{}
	for _, m := range matches {
		places[m.Word]++
	}
	for i := range matches {
		m := &matches[i]
		m.Weight = 1 / float64(different*places[m.Word])
	}
	return matches
}
