package store

import "strings"

const (
	// longestPhonetic is how many characters of a phonetic script are looked for
	// as one word; more are looked for in overlapping pieces of phoneticPiece, since
	// nobody knows where their words end.
	longestPhonetic = 5
	phoneticPiece   = 3
	// Pairs of characters are looked for in an ideographic script.
	ideographicPiece = 2
)

// term is a word of a query, or a piece of one, as full text is asked for it.
type term struct {
	word   string // as it stands in the query
	form   string // as it stands in the wording of a text
	piece  bool   // of script without spaces
	single bool   // a single character of such
}

// expression is the FTS5 expression for a term. Forms have no quotes, being
// letters and digits only.
func (t term) expression() string {
	if t.single {
		return `"` + t.form + `"*`
	}
	return `"` + t.form + `"`
}

// terms are the different words of a query that are looked up: at most maxWords,
// without stop words if there are others.
func terms(query string) []term {
	var l termList
	for at := 0; at < len(query); {
		start, end := nextWord(query, at)
		at = end
		for _, r := range runs(query[start:end], start) {
			if r.unspaced {
				l.addUnspaced(query, r.atoms)
				continue
			}
			l.add(term{word: query[r.start():r.end()], form: string(r.joined())})
			if len(r.atoms) > 1 {
				for _, a := range r.atoms {
					l.add(term{word: query[a.start:a.end], form: string(a.text)})
				}
			}
		}
	}
	return l.list()
}

// plainTerms are the terms of a query for files before version 3, whose full text
// has the texts as they are.
func plainTerms(query string) []term {
	var l termList
	for _, word := range words(query) {
		l.add(term{word: word, form: word})
	}
	return l.list()
}

// termsFor are the terms of a query for a file of that version.
func termsFor(version int64, query string) []term {
	if version < wordingVersion {
		return plainTerms(query)
	}
	return terms(query)
}

// termList collects different terms.
type termList struct {
	content, stop []term
	seen          map[string]bool
}

func (l *termList) add(t term) {
	lower := strings.ToLower(t.form)
	if l.seen[lower] {
		return
	}
	if l.seen == nil {
		l.seen = map[string]bool{}
	}
	l.seen[lower] = true
	if stopWords[lower] {
		l.stop = append(l.stop, t)
	} else {
		l.content = append(l.content, t)
	}
}

// addUnspaced adds what is looked for of a stretch of script without spaces.
func (l *termList) addUnspaced(query string, atoms []atom) {
	for len(atoms) > 0 {
		n := 1
		for n < len(atoms) && atoms[n].script == atoms[0].script {
			n++
		}
		size := min(n, ideographicPiece)
		if atoms[0].script == phonetic {
			if size = n; n > longestPhonetic {
				size = phoneticPiece
			}
		}
		for i := 0; i+size <= n; i++ {
			l.add(pieceTerm(query, atoms[i:i+size]))
		}
		atoms = atoms[n:]
	}
}

// pieceTerm is the term for some characters in a row.
func pieceTerm(query string, atoms []atom) term {
	t := term{piece: true, single: len(atoms) == 1, word: query[atoms[0].start:atoms[len(atoms)-1].end]}
	if t.single {
		t.form = string(atoms[0].text)
		return t
	}
	var b strings.Builder
	for i, next := range atoms[1:] {
		if i > 0 {
			b.WriteByte(inRun)
		}
		b.Write(atoms[i].text)
		b.Write(next.text)
	}
	t.form = b.String()
	return t
}

func (l *termList) list() []term {
	all := l.content
	if len(all) == 0 {
		all = l.stop
	}
	return all[:min(len(all), maxWords)]
}

// match is the FTS5 expression for passages with any of the terms, empty when
// there are none.
func match(terms []term) string {
	var b strings.Builder
	for i, t := range terms {
		if i > 0 {
			b.WriteString(" OR ")
		}
		b.WriteString(t.expression())
	}
	return b.String()
}
