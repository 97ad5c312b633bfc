// Package pdf makes text of PDF files, with PDFium in WebAssembly.
//
// PDFium is what Chromium shows PDFs with. It runs under wazero, without cgo, in a
// sandbox that has neither files nor network and a bounded memory, so that a
// hostile file can at worst use up the time that it has. Compiled code is kept in the
// user's cache folder, from where all processes take it: only the first PDF ever
// read on a machine waits some seconds for it.
//
// Text comes line by line in the order of reading, with \f between pages: words
// that were cut at the end of a line are whole again, ligatures are letters, columns
// come one after the other, values of form fields stand where they are shown, and
// comments at the end of their page. Pages without text that have pictures are
// named as scans in [extract.Document.Missing], as is whatever else is left out.
package pdf
