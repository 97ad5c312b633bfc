package filter

// Bounds of an expression. SQLite takes 32,766 parameters, and a driver may bear
// few levels of an SQL expression: one of those tried fails at a few hundred.
const (
	maxLength     = 64 << 10
	maxConditions = 256
	maxValues     = 4096
	maxDepth      = 64
	maxGlob       = 50_000 // bytes: SQLITE_MAX_LIKE_PATTERN_LENGTH
)

// An Expr is a condition on documents.
type Expr struct {
	root node // nil holds for all documents
}

// node is a part of an expression that is true or false of a document.
type node interface {
	write(*builder)
}

type (
	anyOf []node
	allOf []node
	not   struct{ node }

	// present is "has field".
	present struct{ field field }
	// comparison is "field operator values". More than one value, of which one
	// must match, stands with equal only.
	comparison struct {
		field    field
		operator operator
		values   []value
	}
)

// operator is how a field relates to a value.
type operator string

const (
	equal          operator = "="
	unequal        operator = "!="
	less           operator = "<"
	lessOrEqual    operator = "<="
	greater        operator = ">"
	greaterOrEqual operator = ">="
	glob           operator = "~"
	contains       operator = "has"
)

// field is what a condition looks at.
type field struct {
	column column
	path   string // of metadata: a JSON path of SQLite
	name   string // as it is written
}

type column string

const (
	keyColumn      column = "key"
	titleColumn    column = "title"
	sourceColumn   column = "source"
	timeColumn     column = "time"
	metadataColumn column = "metadata"
	pageColumn     column = "page" // of a passage, or else metadata's
)

// value is what a field is compared with: one of string, bool, int64, float64,
// period.
type value any

// period is the milliseconds since 1970 from first up to, but without, next.
type period struct{ first, next int64 }
