package filter

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind is what a token is.
type tokenKind int

const (
	end     tokenKind = iota
	word              // a name or keyword, unquoted
	quoted            // a name in backticks
	text              // a string
	literal           // a number, date or instant
	symbol
)

// token is a piece of an expression.
type token struct {
	kind tokenKind
	at   int    // byte of the expression where it begins
	text string // without quotes
}

func (t token) String() string {
	switch t.kind {
	case end:
		return "the end"
	case text:
		return "the string " + strconv.Quote(short(t.text))
	case quoted:
		return "the name `" + short(t.text) + "`"
	default:
		return strconv.Quote(short(t.text))
	}
}

// short cuts what an error quotes.
func short(s string) string {
	const most = 40
	for i := range s {
		if i >= most {
			return s[:i] + "…"
		}
	}
	return s
}

// scanner cuts an expression into tokens.
type scanner struct {
	expr string
	at   int
}

// errorAt names the place of an error by its column, counted in characters
// from 1.
func (s *scanner) errorAt(at int, format string, args ...any) error {
	return fmt.Errorf("filter: column %d: %s", 1+utf8.RuneCountInString(s.expr[:at]), fmt.Sprintf(format, args...))
}

func (s *scanner) next() (token, error) {
	s.at = len(s.expr) - len(strings.TrimLeftFunc(s.expr[s.at:], unicode.IsSpace))
	start := s.at
	if start == len(s.expr) {
		return token{kind: end, at: start}, nil
	}
	switch c := s.expr[start]; {
	case c == '"' || c == '\'':
		return s.quotation(text, "string")
	case c == '`':
		return s.quotation(quoted, "name")
	case '0' <= c && c <= '9' || c == '-' || c == '+':
		n := 1
		for start+n < len(s.expr) && strings.IndexByte("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.:+-", s.expr[start+n]) >= 0 {
			n++
		}
		return s.token(literal, n), nil
	case strings.IndexByte("(),.", c) >= 0:
		return s.token(symbol, 1), nil
	}
	for _, o := range []string{"==", "!=", "<=", ">=", "=", "<", ">", "~"} {
		if strings.HasPrefix(s.expr[start:], o) {
			return s.token(symbol, len(o)), nil
		}
	}
	if n := wordLength(s.expr[start:], false); n > 0 {
		return s.token(word, n), nil
	}
	r, _ := utf8.DecodeRuneInString(s.expr[start:])
	return token{}, s.errorAt(start, "unexpected character %q", r)
}

// token takes the next n bytes.
func (s *scanner) token(kind tokenKind, n int) token {
	t := token{kind, s.at, s.expr[s.at : s.at+n]}
	s.at += n
	return t
}

// quotation reads up to the quote that stands here; written twice it is part
// of what it quotes.
func (s *scanner) quotation(kind tokenKind, what string) (token, error) {
	start := s.at
	quote := s.expr[start : start+1]
	var b strings.Builder
	for at := start + 1; ; {
		n := strings.Index(s.expr[at:], quote)
		if n < 0 {
			return token{}, s.errorAt(start, "the %s that begins here has no closing %s", what, quote)
		}
		b.WriteString(s.expr[at : at+n])
		at += n + 1
		if !strings.HasPrefix(s.expr[at:], quote) {
			s.at = at
			return token{kind, start, b.String()}, nil
		}
		b.WriteString(quote)
		at++
	}
}

// wordLength returns how many bytes at the beginning of s are a name. A digit
// or - may begin it where it goes on after a dot.
func wordLength(s string, afterDot bool) int {
	for i, r := range s {
		inner := i > 0 || afterDot
		if !unicode.IsLetter(r) && r != '_' && !(inner && (unicode.IsDigit(r) || unicode.IsMark(r) || r == '-')) {
			return i
		}
	}
	return len(s)
}
