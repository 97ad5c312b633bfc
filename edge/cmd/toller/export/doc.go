// Package export writes what an index holds as files for other programs, and
// reads them for another index:
//
//	index.json       what it is; written last, so that an export with it is complete
//	documents.jsonl  a document a line, with its passages
//	vectors.npy      the vectors of all passages, one after the other; or
//	                 vectors.safetensors
//
// A [Writer] and a [Reader] hold one document, or one batch of them, at a time.
package export
