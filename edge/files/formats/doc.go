// Package formats has the readers of all kinds of files that toller knows, to be
// handed to [extract.Options]: those that package extract has by itself, and PDF and
// mail, whose libraries are large. The command, and whatever else reads files for
// it, reads with these. A program built with the tag nopdf has no reader of PDF, and
// says so of each.
package formats
