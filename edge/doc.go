// Package edge ranks, encodes and explains texts with a late-interaction
// (ColBERT) model, on a CPU, inside the program that imports it.
//
//	m, err := edge.Open("path/to/checkpoint") // or builtin.Open()
//	hits, err := m.Rank(ctx, "why is the sky blue?", docs)
//
// A checkpoint is a directory with a ModernBERT or BERT backbone, as it lies on
// the hub, in the layout of PyLate, of Stanford's ColBERT or of sentence-transformers
// 6, or the same packed into one .safetensors file. A [Layout] decides whose numbers
// it gives, which [Info] tells. A text becomes one unit vector a token, but for the
// rare checkpoint that says otherwise; the score of a document is, summed over the query's
// vectors, the largest dot product with any of the document's (MaxSim). Scores
// are raw, as PyLate gives them, with the mean over the query's vectors, which
// lies in [-1, 1], beside them. A checkpoint's head may also be any of package
// heads; [WriteHead] writes those.
//
// Package [github.com/toller-search/toller/edge/hub] fetches checkpoints and finds
// those that Python has fetched; this one opens no connection.
//
// Documents that are searched again and again stand in an index: package
// [github.com/toller-search/toller/edge/index] keeps them in one SQLite file.
// This package links no database. What an index of another kind needs of a model
// is here: [Model.CountTokens] to cut texts, [Model.EncodeEach] and
// [Document.Clusters] for their vectors, [Model.DocumentFingerprint] to tell
// whose they are, and [Model.Attach] to explain stored ones.
//
// The way of a query or a document: it is cut into token ids with their places
// in the text (infer/token), between the markers of its kind; the encoder makes
// a state of each (infer); the head makes of those that count a unit vector each
// (heads); MaxSim compares the two (heads), and [Explain] takes the score apart.
//
// What a caller may rely on:
//
//   - A [Model] may be used by any number of goroutines at once. So may a
//     [Query] or [Document], as long as nobody writes to its vectors.
//   - Short work doesn't wait for long: queries, and documents of some 2,000
//     tokens a call, are encoded before those of longer calls, which are
//     interrupted within milliseconds and go on after. Whatever comes first,
//     the others still get about a fifth of the threads' time.
//   - The vectors of a text depend on the text, the model and its settings
//     only: not on the other texts of a call, their order or the number of
//     threads, to the last bit.
//   - Encoding and ranking return within 100 ms of their context's end, with
//     its error. The tokenisation of a text can't be interrupted; one that is
//     under way then still finishes in the background.
//   - [Model.Rank] keeps scores, not vectors: its memory grows with the longest
//     document and the number of threads, not with the number of documents.
//   - No input panics. Text that isn't UTF-8 is read as if each bad sequence
//     were U+FFFD; byte offsets still refer to the text as it was given.
//   - Nothing leaves the machine.
package edge
