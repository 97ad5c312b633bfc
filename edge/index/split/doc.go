// Package split cuts a text into passages that a model can read whole, on
// boundaries that mean something to a reader.
//
// The boundaries, from the one that is liked best to the last resort: headings,
// paragraphs, sentences, lines, words, characters. Headings are those that
// Markdown writes with #, outside fenced code; a paragraph ends at a blank
// line.
//
//   - A section, from its heading to the next of its level or above, that fits
//     in the budget is not cut. Small neighbours share a passage until it is a
//     quarter full; a passage never holds a mere beginning of a section beside
//     the end of another that has filled that quarter.
//   - A heading stays with the text that follows it.
//   - A paragraph is cut if it doesn't fit by itself, or to fill a passage that
//     is less than half full. A sentence is cut only if it doesn't fit by itself.
//   - A passage that goes on where another was cut, and not at a heading, may
//     begin with the end of that one: whole sentences, else whole words, of at
//     most Overlap tokens.
//
// What a caller may rely on: passages come in the order of the text, with
// rising starts and ends; every byte that isn't white space lies in at least one
// of them; none begins or ends with white space; none counts more tokens than
// the budget, except a single character that does so by itself. Time and memory
// are linear in the text, if those of Count are. The text need not be valid
// UTF-8.
package split
