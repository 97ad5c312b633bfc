// Package evidence shows where a score comes from: which token of a document is
// most like which token of the query, and by how much.
//
// A [Match] is one such pair, in the shape in which the command prints it as
// JSON. [Table] shows matches on a terminal, each document token in its context;
// [Contributions] and [HeatMap] show a text in which tokens are the warmer the
// more they matter; a [Page] is the same as a page for a browser. A [Passage] is
// the part of a document that answers best, with the words that do highlighted.
package evidence
