// Package extract makes text of files: plain text and source code, Markdown,
// HTML, DOCX, PPTX, XLSX, OpenDocument, EPUB, RTF, JSONL, CSV, notebooks, subtitles, and
// any of these packed by gzip. What takes a larger library, PDF and mail, is read by a
// [Reader] that a program hands over; package formats has them all.
//
// What a file is, is told by how it begins and then by the ending of its name.
// Text comes in UTF-8 with \n between lines, whatever it was stored in: what a byte
// order mark says, else UTF-8 if it is that, else what the file declares, else what its
// bytes look most like, which is Windows-1252 unless there is reason to think of
// another. Headings come as Markdown writes them, "## Title", where a format has them;
// [Document.Headings] tells whether it does. Pages of a PDF are separated by \f.
//
// Nothing is left out in silence: what of a file isn't in its text, and every byte that
// became U+FFFD, is in [Document.Missing], and a file without any text that has a reason
// for that gives an error.
//
// Files come from anywhere, so each is read within bounds: of its size, of the text
// it yields, of what an archive unpacks to and how it is nested, and of time.
// Memory stays below twice the size of the file and of its text and about 64 MB.
// JSONL and CSV are read record by record: they may be far larger than other files, and
// memory goes by the longest record. A line or row beyond the limit is named and passed
// over.
//
// Links, images and other files that a document refers to are never opened.
package extract

//go:generate go run ./sample/library ../../../testdata/library
