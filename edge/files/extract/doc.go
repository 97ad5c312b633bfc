// Package extract makes text of files: plain text and source code, Markdown,
// HTML, PDF, DOCX, EPUB, JSONL and CSV.
//
// What a file is, is told by how it begins and then by the ending of its name.
// Text comes in UTF-8 with \n between lines, whatever it was stored in: UTF-8,
// UTF-16, what a page of HTML says of itself, and else Windows-1252. Headings come
// as Markdown writes them, "## Title", where a format has them; [Document.Headings]
// tells whether it does. Pages of a PDF are separated by \f.
//
// Files come from anywhere, so each is read within bounds: of its size, of the text
// it yields, of what an archive unpacks to and how it is nested, and of time.
// Memory stays below twice the size of the file and of its text and about 64 MB.
//
// The library that reads PDF can't be stopped, and hostile files can make it loop
// or allocate without end. It therefore runs in a process of its own: the same
// program, started with an environment variable that this package looks for when
// it is initialised, before main begins. That process reads the file from its
// standard input, writes the text to its standard output, and ends itself when it
// exceeds its time or memory; the parent ends it, too, when the time is over.
//
// Links, images and other files that a document refers to are never opened.
package extract

//go:generate go run ./sample/library ../../../testdata/library
