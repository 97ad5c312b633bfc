package filter

import "strings"

// Tree returns the expression for whoever makes something other than SQL of it;
// nil for one that holds for every document. What must hold for it to mean the
// same is in the package's comment and with [Or], [And], [Not], [Present] and
// [Comparison], which are all that a [Node] may be.
func (e *Expr) Tree() Node {
	if e == nil || e.root == nil {
		return nil
	}
	return tree(e.root)
}

// Node is a part of an expression that is true or false of a document.
type Node interface{ isNode() }

type (
	// Or holds where one of its nodes does, And where all do.
	Or []Node
	// And: see [Or].
	And []Node
	// Not holds where its node doesn't, which includes documents that lack a field.
	Not struct{ Node Node }

	// Present holds where the field is there and neither null nor, if it is a key,
	// title or source, empty.
	Present struct{ Field Operand }

	// Comparison holds where the field is there and relates to one of the values as
	// the operator says: "=", "<", "<=", ">", ">=", "~" or "has". More than one value
	// stands with "=" only.
	Comparison struct {
		Field    Operand
		Operator string
		Values   []any // each a string, bool, int64 or float64; of time a Period
	}
)

func (Or) isNode()         {}
func (And) isNode()        {}
func (Not) isNode()        {}
func (Present) isNode()    {}
func (Comparison) isNode() {}

// Operand is what a condition looks at. A page is of a passage, or else metadata's: it
// has a Path too.
type Operand struct {
	Column string   // "key", "title", "source", "time" or "page"; empty for metadata
	Path   []string // in metadata: names from the outermost object inwards
}

// String is the field as it is written in an expression.
func (f Operand) String() string {
	if f.Column != "" {
		return f.Column
	}
	return strings.Join(f.Path, ".")
}

// Period is the milliseconds since 1970 from First up to, but without, Next: a
// time before it is one before First, a time after it is Next or later.
type Period struct{ First, Next int64 }

func tree(n node) Node {
	switch n := n.(type) {
	case anyOf:
		return Or(trees(n))
	case allOf:
		return And(trees(n))
	case not:
		return Not{tree(n.node)}
	case present:
		return Present{n.field.exported()}
	}
	c := n.(comparison)
	values := make([]any, len(c.values))
	for i, v := range c.values {
		if p, ok := v.(period); ok {
			v = Period{p.first, p.next}
		}
		values[i] = v
	}
	return Comparison{c.field.exported(), string(c.operator), values}
}

func trees(list []node) []Node {
	out := make([]Node, len(list))
	for i, n := range list {
		out[i] = tree(n)
	}
	return out
}

// exported takes the path of SQLite apart again: names have no quotes in them.
func (f field) exported() Operand {
	var o Operand
	if f.column != metadataColumn {
		o.Column = string(f.column)
	}
	if f.path == "" {
		return o
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(f.path, `$."`), `"`)
	o.Path = strings.Split(inner, `"."`)
	return o
}
