// Package filter reads conditions on documents, like
//
//	author = "Ada Lovelace" and year >= 1840 and not tags has "draft"
//	source ~ "notes/*.md" and time >= 2024-05-01
//	(lang in ("en", "de") or has translation.title) and time < 2024-05-01T12:00:00Z
//
// and makes parameterised SQL of them.
//
// A condition compares a field with a value. Conditions are joined by not, and,
// or, which bind in that order, and by parentheses:
//
//	field = value     the same type and the same value; also ==
//	field != value    not (field = value): holds where there is no such field, too
//	field < value     also <=, >, >=: numbers by size, strings by the bytes of
//	                  their UTF-8, never one type with the other
//	field ~ "glob"    * stands for any characters, / included; ? for one; [a-z]
//	                  and [^a-z] for one of a set; capitals count
//	field in (a, b)   field = a or field = b
//	field has value   a list in metadata has such an element; a single value
//	                  counts as a list of itself
//	has field         the field is there and neither null nor, if it is a title
//	                  or source, empty
//
// A condition on a field that a document lacks is false, so that not of it is
// true.
//
// page is the number of a page of a PDF, or of another text with pages. It is about
// passages where passages are looked for: page = 3 holds for all that have anything on
// that page, page >= 3 for those that reach it. Of documents it holds if it does for a
// passage. Where metadata has a page, it is also that.
//
// Fields are key, title, source (strings), time, page, and what is in the documents'
// metadata: author, a.b.c for nested objects. A name of letters, digits, _ and -
// that begins with a letter or _ is written as it is; others, and those that are
// words of this language, between backticks: `odd name`, `title` (which is then
// metadata's), a.`b.c`. In a name, double quotes and backslashes are not possible.
//
// Values are strings in double or single quotes, in which the quote itself is
// written twice; numbers; true and false; and for time, with or without quotes, a
// date (2024-05-01: the whole day in UTC, so that time = 2024-05-01 holds at noon)
// or an instant of RFC 3339 to the millisecond. Keywords may be written in
// capitals.
//
// Nothing of an expression is ever part of the SQL text: values, patterns and
// names are parameters. An expression has at most 64 KiB, 256 conditions, 4,096
// values and 64 levels of parentheses and not.
package filter
