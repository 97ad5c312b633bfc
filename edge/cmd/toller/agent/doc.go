// Package agent gives a language model's agent tools over indexes, by the Model
// Context Protocol: search, rerank, read_document and list.
//
// Everything that the tools show comes out of the indexes that the server was
// started with, which are opened for reading alone. No tool opens a file: a path
// outside of what was indexed, "..", or a link that was put into an indexed folder
// leads nowhere, because a key either is in the index or it is not.
//
// Outputs are short, and have a bound: a hit is a line or two, long documents are
// read in pieces, long lists in pages. Errors of a tool say what to do next.
//
// The protocol is the official SDK's: versions 2026-07-28, 2025-11-25, 2025-06-18,
// 2025-03-26 and 2024-11-05, over standard input and output or over HTTP.
package agent
