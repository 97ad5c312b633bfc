package filter

import "strings"

// SQL returns the condition over a table with the alias d and the columns key,
// title, source (text), time (milliseconds since 1970 or NULL) and metadata (JSON
// text or NULL), and the arguments of its parameters, each a "?", in order. The
// condition is always 0 or 1, never NULL.
func (e *Expr) SQL() (condition string, args []any) {
	if e.root == nil {
		return "1", nil
	}
	var b builder
	e.root.write(&b)
	return b.sql.String(), b.args
}

// builder collects an SQL condition. Its text comes from this file alone.
type builder struct {
	sql  strings.Builder
	args []any
}

// add writes SQL and takes the arguments of the parameters in it.
func (b *builder) add(sql string, args ...any) {
	b.sql.WriteString(sql)
	b.args = append(b.args, args...)
}

// join writes the conditions from and up to, but without, to with an operator
// between them, in parentheses that make a balanced tree of them: SQLite reads a
// chain of a few hundred as so many levels of an expression, which is more than
// the stack of one driver bears.
func (b *builder) join(operator string, from, to int, write func(i int)) {
	if to-from == 1 {
		write(from)
		return
	}
	middle := (from + to) / 2
	b.add("(")
	b.join(operator, from, middle, write)
	b.add(operator)
	b.join(operator, middle, to, write)
	b.add(")")
}

func (n anyOf) write(b *builder) { b.join(" OR ", 0, len(n), func(i int) { n[i].write(b) }) }
func (n allOf) write(b *builder) { b.join(" AND ", 0, len(n), func(i int) { n[i].write(b) }) }

func (n not) write(b *builder) {
	b.add("NOT ")
	n.node.write(b)
}

func (n present) write(b *builder) {
	switch n.field.column {
	case metadataColumn:
		b.add("coalesce(json_type(d.metadata, ?) <> 'null', 0)", n.field.path)
	case timeColumn:
		b.add("(d.time IS NOT NULL)")
	default:
		b.add("coalesce(" + n.field.column.sql() + " <> '', 0)")
	}
}

func (n comparison) write(b *builder) {
	switch {
	case n.field.column == timeColumn:
		n.writeTime(b)
	case n.field.column != metadataColumn:
		b.add("coalesce(" + n.field.column.sql())
		b.compare(n.operator, n.values)
		b.add(", 0)")
	case n.operator == contains:
		n.writeContains(b)
	default:
		n.writeMetadata(b)
	}
}

func (n comparison) writeTime(b *builder) {
	b.add("coalesce(")
	b.join(" OR ", 0, len(n.values), func(i int) {
		p := n.values[i].(period)
		switch n.operator {
		case less:
			b.add("d.time < ?", p.first)
		case lessOrEqual:
			b.add("d.time < ?", p.next)
		case greater:
			b.add("d.time >= ?", p.next)
		case greaterOrEqual:
			b.add("d.time >= ?", p.first)
		default:
			b.add("(d.time >= ? AND d.time < ?)", p.first, p.next)
		}
	})
	b.add(", 0)")
}

// writeMetadata compares what json_extract gives, but only with values of its
// own type: SQL has an order between types, gives truth values as numbers, and
// objects as their text.
func (n comparison) writeMetadata(b *builder) {
	b.add("coalesce(")
	for i, g := range groupValues(n.values) {
		if i > 0 {
			b.add(" OR ")
		}
		b.add("json_type(d.metadata, ?) IN "+g.types, n.field.path)
		if len(g.values) > 0 {
			b.add(" AND json_extract(d.metadata, ?)", n.field.path)
			b.compare(n.operator, g.values)
		}
	}
	b.add(", 0)")
}

// writeContains looks at the elements of a list. json_each would also go
// through the values of an object.
func (n comparison) writeContains(b *builder) {
	b.add("(coalesce(json_type(d.metadata, ?) <> 'object', 0) AND EXISTS (SELECT 1 FROM json_each(d.metadata, ?) AS e WHERE ", n.field.path, n.field.path)
	for i, g := range groupValues(n.values) {
		if i > 0 {
			b.add(" OR ")
		}
		b.add("e.type IN " + g.types)
		if len(g.values) > 0 {
			b.add(" AND e.value")
			b.compare(equal, g.values)
		}
	}
	b.add("))")
}

// compare writes an operator and what it compares with.
func (b *builder) compare(o operator, values []value) {
	switch o {
	case less:
		b.add(" < ?", values[0])
	case lessOrEqual:
		b.add(" <= ?", values[0])
	case greater:
		b.add(" > ?", values[0])
	case greaterOrEqual:
		b.add(" >= ?", values[0])
	case glob:
		b.add(" GLOB ?", values[0])
	default:
		b.add(" IN (?"+strings.Repeat(", ?", len(values)-1)+")", toAny(values)...)
	}
}

func toAny(values []value) []any {
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	return args
}

// group is values of one JSON type, or a truth value, which is a type itself.
type group struct {
	types  string // as json_type calls them, an SQL list
	values []value
}

func groupValues(values []value) []group {
	strs, numbers := group{types: "('text')"}, group{types: "('integer', 'real')"}
	var groups []group
	var yes, no bool
	for _, v := range values {
		switch v := v.(type) {
		case bool:
			yes, no = yes || v, no || !v
		case string:
			strs.values = append(strs.values, v)
		default:
			numbers.values = append(numbers.values, v)
		}
	}
	if len(strs.values) > 0 {
		groups = append(groups, strs)
	}
	if len(numbers.values) > 0 {
		groups = append(groups, numbers)
	}
	if yes {
		groups = append(groups, group{types: "('true')"})
	}
	if no {
		groups = append(groups, group{types: "('false')"})
	}
	return groups
}

func (c column) sql() string {
	switch c {
	case keyColumn:
		return "d.key"
	case titleColumn:
		return "d.title"
	default:
		return "d.source"
	}
}
