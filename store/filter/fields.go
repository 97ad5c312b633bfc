package filter

import "strings"

// A Field is one of those in metadata that an expression asks for.
type Field struct {
	Name string // as it is written, n.x or `odd name`
	field
}

// Fields returns the fields of metadata that an expression asks for, page included, each
// once.
func (e *Expr) Fields() []Field {
	var all []Field
	seen := map[string]bool{}
	add := func(f field) {
		if f.path != "" && !seen[f.path] {
			seen[f.path] = true
			all = append(all, Field{f.name, f})
		}
	}
	var look func(node)
	look = func(n node) {
		switch n := n.(type) {
		case anyOf:
			for _, inner := range n {
				look(inner)
			}
		case allOf:
			for _, inner := range n {
				look(inner)
			}
		case not:
			look(n.node)
		case present:
			add(n.field)
		case comparison:
			add(n.field)
		}
	}
	look(e.root)
	return all
}

// SQL returns the condition that a document has the field, null or not, over the same
// tables as [Expr.SQL].
func (f Field) SQL() (condition string, args []any) {
	var b builder
	b.add("(json_type(d.metadata, ?) IS NOT NULL", f.path)
	if f.column == pageColumn {
		b.add(" OR ")
		b.page(func() { b.add(hasPage) })
	}
	b.add(")")
	return b.sql.String(), b.args
}

// Quote writes the name of a field of metadata as an expression has it: as it is, or
// between backticks.
func Quote(name string) string {
	switch column(name) {
	case keyColumn, titleColumn, sourceColumn, timeColumn:
	default:
		if wordLength(name, false) == len(name) && name != "" && !isKeyword(name) {
			return name
		}
	}
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}
