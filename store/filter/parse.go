package filter

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Parse reads an expression. A blank one holds for every document. An error
// says at which column what was expected.
func Parse(expr string) (*Expr, error) {
	if len(expr) > maxLength {
		return nil, fmt.Errorf("filter: the expression has %d bytes, at most %d are possible", len(expr), maxLength)
	}
	p := parser{scanner: scanner{expr: expr}}
	for i, r := range expr {
		_, size := utf8.DecodeRuneInString(expr[i:])
		if r == 0 || r == utf8.RuneError && size == 1 {
			return nil, p.errorAt(i, "the byte %#x is not possible: expected text in UTF-8", expr[i])
		}
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.token.kind == end {
		return &Expr{}, nil
	}
	root, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.token.kind != end {
		return nil, p.expected(`"and", "or" or the end`)
	}
	return &Expr{root}, nil
}

// parser reads by recursive descent; token is the next one.
type parser struct {
	scanner
	token                     token
	conditions, values, depth int
}

func (p *parser) advance() (err error) {
	p.token, err = p.next()
	return err
}

func (p *parser) expected(what string) error {
	return p.errorAt(p.token.at, "expected %s, found %s", what, p.token)
}

// is reports that the next token is that keyword or symbol.
func (p *parser) is(s string) bool {
	switch p.token.kind {
	case word:
		return strings.EqualFold(p.token.text, s)
	case symbol:
		return p.token.text == s
	}
	return false
}

// take passes over the next token if it is that keyword or symbol.
func (p *parser) take(s string) (bool, error) {
	if !p.is(s) {
		return false, nil
	}
	return true, p.advance()
}

// or reads conditions joined by "or".
func (p *parser) or() (node, error) {
	var nodes anyOf
	for {
		n, err := p.and()
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
		if more, err := p.take("or"); err != nil || !more {
			return nodes, err
		}
	}
}

// and reads conditions joined by "and".
func (p *parser) and() (node, error) {
	var nodes allOf
	for {
		n, err := p.unary()
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
		if more, err := p.take("and"); err != nil || !more {
			return nodes, err
		}
	}
}

// unary reads a condition with what may stand before it.
func (p *parser) unary() (node, error) {
	if !p.is("not") && !p.is("(") {
		return p.condition()
	}
	if p.depth++; p.depth > maxDepth {
		return nil, p.errorAt(p.token.at, "more than %d levels of parentheses and not", maxDepth)
	}
	defer func() { p.depth-- }()
	negated := p.is("not")
	if err := p.advance(); err != nil {
		return nil, err
	}
	if negated {
		n, err := p.unary()
		return not{n}, err
	}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if closed, err := p.take(")"); err != nil || closed {
		return n, err
	}
	return nil, p.expected(`"and", "or" or ")"`)
}

// condition reads "has field", or a field with what is asked of it.
func (p *parser) condition() (node, error) {
	if p.conditions++; p.conditions > maxConditions {
		return nil, p.errorAt(p.token.at, "more than %d conditions", maxConditions)
	}
	if is, err := p.take("has"); err != nil {
		return nil, err
	} else if is {
		f, err := p.field()
		return present{f}, err
	}
	f, err := p.field()
	if err != nil {
		return nil, err
	}
	negated, err := p.take("not") // only before "in"
	if err != nil {
		return nil, err
	}
	if in, err := p.take("in"); err != nil {
		return nil, err
	} else if in {
		values, err := p.list(f)
		if negated {
			return not{comparison{f, equal, values}}, err
		}
		return comparison{f, equal, values}, err
	}
	if negated {
		return nil, p.expected(`"in"`)
	}
	o, at, err := p.operator()
	if err != nil {
		return nil, err
	}
	v, err := p.value(f)
	if err != nil {
		return nil, err
	}
	if err := check(f, o, v); err != nil {
		return nil, p.errorAt(at, "%v", err)
	}
	if o == unequal {
		return not{comparison{f, equal, []value{v}}}, nil
	}
	return comparison{f, o, []value{v}}, nil
}

func (p *parser) operator() (o operator, at int, err error) {
	at = p.token.at
	for _, o := range []operator{equal, unequal, less, lessOrEqual, greater, greaterOrEqual, glob, contains} {
		if is, err := p.take(string(o)); is || err != nil {
			return o, at, err
		}
	}
	if is, err := p.take("=="); is || err != nil {
		return equal, at, err
	}
	return "", at, p.expected("one of = != < <= > >= ~ in has")
}

var errNoSet = errors.New("has looks into lists of metadata; key, title, source and time are none")

// check refuses operators that make no sense for a field or a value.
func check(f field, o operator, v value) error {
	if o == contains && f.path == "" {
		return errNoSet
	}
	switch v := v.(type) {
	case bool:
		if o != equal && o != unequal && o != contains {
			return fmt.Errorf("%s with true or false: expected =, != or has", o)
		}
	case string:
		if o == glob {
			return checkGlob(v)
		}
	default:
		if o == glob {
			return errors.New("~ needs a pattern: expected a string")
		}
	}
	return nil
}

// checkGlob refuses a pattern that is too long, and one with a set that has no end,
// which SQLite takes to match nothing.
func checkGlob(pattern string) error {
	if len(pattern) > maxGlob {
		return fmt.Errorf("the pattern has %d bytes, at most %d are possible", len(pattern), maxGlob)
	}
	for at := 0; ; {
		n := strings.IndexByte(pattern[at:], '[')
		if n < 0 {
			return nil
		}
		set := pattern[at+n:]
		first := len("[")
		if strings.HasPrefix(set[first:], "^") {
			first++
		}
		if strings.HasPrefix(set[first:], "]") {
			first++ // is a member
		}
		end := strings.IndexByte(set[first:], ']')
		if end < 0 {
			return fmt.Errorf("the pattern %q has a [ without its ]; for the character itself write [[]", short(pattern))
		}
		at += n + first + end + 1
	}
}

// field reads the name of a column or of something in metadata.
func (p *parser) field() (field, error) {
	first := p.token
	if first.kind != quoted && (first.kind != word || isKeyword(first.text)) {
		return field{}, p.expected("a field, like title or author")
	}
	path := "$"
	for {
		// What SQLite makes of these in a quoted part of a path depends on how
		// the JSON spells them.
		if strings.ContainsAny(p.token.text, `"\`) {
			return field{}, p.errorAt(p.token.at, "%s has a double quote or backslash", p.token)
		}
		path += `."` + p.token.text + `"`
		dot, err := p.dot()
		if err != nil {
			return field{}, err
		}
		if !dot {
			break
		}
	}
	name := strings.TrimSpace(p.expr[first.at:p.token.at])
	if path == `$."`+first.text+`"` && first.kind == word {
		switch c := column(first.text); c {
		case keyColumn, titleColumn, sourceColumn, timeColumn:
			return field{column: c, name: name}, nil
		case pageColumn:
			return field{c, path, name}, nil
		}
	}
	return field{metadataColumn, path, name}, nil
}

// dot moves on to the name after a dot, or past the name if none follows.
func (p *parser) dot() (bool, error) {
	if err := p.advance(); err != nil || !p.is(".") {
		return false, err
	}
	if n := wordLength(p.expr[p.at:], true); n > 0 {
		p.token = p.scanner.token(word, n)
		return true, nil
	}
	if err := p.advance(); err != nil {
		return false, err
	}
	if p.token.kind != quoted {
		return false, p.expected("a name after the dot")
	}
	return true, nil
}

func isKeyword(s string) bool {
	switch strings.ToLower(s) {
	case "and", "or", "not", "in", "has", "true", "false":
		return true
	}
	return false
}

// list reads the values of "in".
func (p *parser) list(f field) ([]value, error) {
	if open, err := p.take("("); err != nil {
		return nil, err
	} else if !open {
		return nil, p.expected(`"("`)
	}
	var values []value
	for {
		v, err := p.value(f)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
		if comma, err := p.take(","); err != nil {
			return nil, err
		} else if comma {
			continue
		}
		if closed, err := p.take(")"); err != nil || closed {
			return values, err
		}
		return nil, p.expected(`"," or ")"`)
	}
}

// value reads a value that f can have.
func (p *parser) value(f field) (value, error) {
	if p.values++; p.values > maxValues {
		return nil, p.errorAt(p.token.at, "more than %d values", maxValues)
	}
	t := p.token
	var v value
	switch {
	case f.column == timeColumn:
		when, err := readPeriod(t.text)
		if t.kind != text && t.kind != literal || err != nil {
			return nil, p.expected("a time, like 2024-05-01 or 2024-05-01T12:00:00Z, to the millisecond")
		}
		v = when
	case t.kind == text:
		v = t.text
	case f.path == "":
		return nil, p.expected("a string, which is what " + string(f.column) + " is")
	case p.is("true"), p.is("false"):
		v = p.is("true")
	case t.kind == literal:
		number, err := readNumber(t.text)
		if err != nil {
			if _, err := readPeriod(t.text); err == nil {
				return nil, p.expected("a date in metadata between quotes, to be compared as text")
			}
			return nil, p.expected("a number")
		}
		v = number
	default:
		return nil, p.expected("a value: a string in quotes, a number, true or false")
	}
	return v, p.advance()
}

func readNumber(s string) (value, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, nil
	}
	if strings.ContainsAny(s, "xX_pPnN") {
		return nil, errors.New("no decimal number") // ParseFloat reads hexadecimal, NaN and Inf
	}
	f, err := strconv.ParseFloat(s, 64)
	if err == nil && math.IsInf(f, 0) {
		err = errors.New("out of range")
	}
	return f, err
}

// readPeriod reads a day or an instant.
func readPeriod(s string) (period, error) {
	if day, err := time.Parse(time.DateOnly, s); err == nil {
		return period{day.UnixMilli(), day.AddDate(0, 0, 1).UnixMilli()}, nil
	}
	instant, err := time.Parse(time.RFC3339, s)
	if err == nil && instant.Nanosecond()%int(time.Millisecond) != 0 {
		err = errors.New("finer than a millisecond")
	}
	return period{instant.UnixMilli(), instant.UnixMilli() + 1}, err
}
