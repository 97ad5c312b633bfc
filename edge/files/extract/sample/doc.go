// Package sample writes small PDF, DOCX and EPUB files, for the tests of
// package extract and for testdata/library. The same input gives the same bytes.
package sample
