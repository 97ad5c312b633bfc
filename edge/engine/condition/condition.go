package condition

import "github.com/toller-search/toller/store/filter"

// A Condition is true or false of a point: an [Any], [All], [Not], [OneOf],
// [Present], [Filled], [Range] or [Compared].
type Condition any

type (
	// Any holds where one of its conditions does, All where all do.
	Any []Condition
	// All: see [Any].
	All []Condition
	// Not holds where its condition doesn't.
	Not struct{ Condition Condition }

	// OneOf holds where the field, a string, is one of the values, or where it is a
	// list of strings and has one of them.
	OneOf struct {
		Field  string
		Values []string
	}

	// Present holds where the field, a number, is there.
	Present struct{ Field string }

	// Filled holds where the field, a string that is always there, isn't empty.
	Filled struct{ Field string }

	// Range holds where the field, a number, is there and within the bounds.
	Range struct {
		Field  string
		Bounds Bounds
	}

	// Compared holds where a string or a number relates to the only value as the
	// operator says: <, <=, >, >= or ~. Without a column it is one of the metadata,
	// among [engine.Facts].Numbers or Strings with the field's [engine.Path].
	Compared struct {
		filter.Comparison
		Bounds Bounds // of the operator and the value; nil: ~
		Number bool   // the value is an int64 or a float64, not a string
	}
)

// Bounds are values by what engines call them: "lt", "lte", "gt", "gte".
type Bounds map[string]any
