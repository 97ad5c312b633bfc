package filter

import (
	"slices"
	"strings"
)

// SQL returns the condition over a table with the alias d and the columns key,
// title, source (text), time (milliseconds since 1970 or NULL) and metadata (JSON
// text or NULL), and the arguments of its parameters, each a "?", in order. The
// condition is always 0 or 1, never NULL.
//
// A condition on a page holds if any row p of the table passages does that belongs to
// the document: p.document is d.id.
func (e *Expr) SQL() (condition string, args []any) { return e.sql(&builder{}) }

// PassageSQL is SQL for single passages: over such a table with the alias p, joined to
// d. A condition on a page is about this passage.
func (e *Expr) PassageSQL() (condition string, args []any) { return e.sql(&builder{passage: true}) }

func (e *Expr) sql(b *builder) (condition string, args []any) {
	if e.root == nil {
		return "1", nil
	}
	e.root.write(b)
	return b.sql.String(), b.args
}

// builder collects an SQL condition. Its text comes from this package alone.
type builder struct {
	sql     strings.Builder
	args    []any
	passage bool // there is a p
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
	case pageColumn:
		b.add("(")
		b.page(func() { b.add(hasPage) })
		b.add(" OR coalesce(json_type(d.metadata, ?) <> 'null', 0))", n.field.path)
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
	case n.field.path == "":
		b.add("coalesce(" + n.field.column.sql())
		b.compare(n.operator, n.values)
		b.add(", 0)")
	case n.operator == contains:
		n.writeContains(b)
	case n.field.column == pageColumn:
		n.writePage(b)
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

// What a passage's heading says of its pages: "page 3", or "pages 3-5" if it goes on.
const (
	hasPage   = "(p.heading GLOB 'page [0-9]*' OR p.heading GLOB 'pages [0-9]*-[0-9]*')"
	firstPage = "CAST(substr(p.heading, instr(p.heading, ' ') + 1) AS INTEGER)"
	lastPage  = "max(" + firstPage + ", CAST(substr(p.heading, instr(p.heading, '-') + 1) AS INTEGER))"
)

// page writes a condition on p, which is any of the document's passages where there is
// no single one.
func (b *builder) page(write func()) {
	if b.passage {
		write()
		return
	}
	b.add("EXISTS (SELECT 1 FROM passages AS p WHERE p.document = d.id AND ")
	write()
	b.add(")")
}

// writePage compares numbers with all pages that a passage is on, and all values with
// metadata's field of that name.
func (n comparison) writePage(b *builder) {
	numbers := slices.DeleteFunc(slices.Clone(n.values), func(v value) bool {
		switch v.(type) {
		case int64, float64:
			return false
		}
		return true
	})
	if len(numbers) == 0 {
		n.writeMetadata(b)
		return
	}
	b.add("(")
	b.page(func() {
		b.add("(" + hasPage + " AND ")
		b.join(" OR ", 0, len(numbers), func(i int) {
			switch v := numbers[i]; n.operator {
			case less:
				b.add(firstPage+" < ?", v)
			case lessOrEqual:
				b.add(firstPage+" <= ?", v)
			case greater:
				b.add(lastPage+" > ?", v)
			case greaterOrEqual:
				b.add(lastPage+" >= ?", v)
			default:
				b.add("("+firstPage+" <= ? AND "+lastPage+" >= ?)", v, v)
			}
		})
		b.add(")")
	})
	b.add(" OR ")
	n.writeMetadata(b)
	b.add(")")
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
