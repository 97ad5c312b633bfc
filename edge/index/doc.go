// Package index keeps documents that are searched again and again: their texts,
// token vectors and full text in one SQLite file.
//
//	x, err := index.Open(ctx, "notes.db", model)
//	err = x.Put(ctx, []index.Entry{{Key: "sky", Text: text}})
//	found, err := x.Search(ctx, "why is the sky blue?", index.Where("year >= 2020"))
//
// The way of a document: [Index.Put] cuts its text into passages on boundaries
// that mean something to a reader (package split), encodes each with the title
// before it (package edge), pools the vectors if asked to, and hands them to the
// file (package store), a batch in one transaction.
//
// The way of a query: [Index.Search] encodes it (package edge), has the file look
// for the passages that answer it best (package store), and attaches the stored
// vectors of each one found to its text again (edge.Model.Attach), which tells
// token by token where the score comes from: highlights, a [Snippet], and the
// evidence itself with [WithEvidence].
//
// What a caller may rely on:
//
//   - Any number of goroutines may use an [Index], and other processes may have
//     the file open: many read while one writes.
//   - A batch that is reported as stored is in the file, complete, if the process
//     is killed right after.
//   - Every long call takes a context, returns within 100 ms of its end with its
//     error, and reports progress.
//   - No input panics. Text that isn't UTF-8 is stored with U+FFFD in place of
//     each bad byte.
package index
