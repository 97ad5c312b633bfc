// Package store keeps documents and their token vectors in one SQLite file,
// and searches them by late interaction, by full text or by both.
//
//	s, err := store.Open(ctx, "index.toller", store.Options{Model: model, Codec: codec.Residual4})
//	ids, err := s.Put(ctx, documents)                                // one transaction
//	hits, err := s.Search(ctx, store.Query{Vectors: q, K: 10, Filter: `author = "Curie"`})
//
// Vectors come from the caller; the package knows of an encoder only its name,
// fingerprint and dimension, and refuses a file made with another.
//
// # Guarantees
//
//   - A write (Add, Update, Put, Amend, Delete) is one transaction: all of it is in the
//     file when it returns without an error, none of it otherwise, whenever the
//     process is killed. The write-ahead log is synced at each commit
//     (synchronous=EXTRA), so that this holds for a power cut too, as far as the
//     disk tells the truth; TestPowerCut tries that out. Training and Compact leave a consistent file at each
//     step and lose nothing.
//   - Ids of documents and passages never change and never come back. Updating a
//     document keeps its id and gives its passages new ones.
//   - A search sees the file at one moment, whatever is written meanwhile, by
//     this process or by another. Equal files give equal hits.
//   - Filters are compiled to SQL with parameters; no text of a caller becomes
//     part of a statement.
//   - A damaged file gives an error or a report of Check, not a panic. Codes have
//     no checksums: a changed byte within one that is still valid changes a score.
//
// # Training
//
// A new store is searched by scoring every passage. At 131,072 token vectors
// (Options.TrainTokens) the next write trains centroids and builds the candidate
// index: inverted lists from centroids to passages. It trains again whenever the
// number of vectors has grown fourfold since. The residual codecs and a
// projection (Options.Dims) need the first training for their final form; until
// then their vectors are kept as fp16. Codes that are in their final form are
// never made anew: later codebooks are for later passages and for the lists, and
// those that nothing uses any more go at Compact.
//
// In between, a new passage goes to the tail of the index; a full tail becomes
// a segment of 4,096 passages, and a segment that lost a quarter of its passages
// is written anew. So a write costs about what it brings, however large the
// store is.
//
// # Search
//
// Pruned search looks up, for each token of the query, the lists of the nearest
// centroids, estimates MaxSim from what they say, and scores passages in that
// order until the scores show that nothing better is to be expected. Query.Recall
// says how sure that must be. Exact search scores every passage that passes the
// filter; a pruned one does the same before the first training, or when a filter
// leaves few passages.
//
// Full text decides what a word is: Matches finds a query's words in a text by
// the same tokenizer, stop words and endings as a lexical search. Case, accents and
// what can't be seen, such as soft hyphens, make no difference. Chinese, Japanese,
// Korean, Thai and other scripts without spaces between words are found wherever a
// word may begin: by pairs of characters in the first three, by up to five
// characters as one word, more in pieces of three, in katakana, Thai and the like. So
// hits may have only some of a word's characters; they come after those that have
// all. Endings are English; what that does to other languages is in
// bench/RESULTS.md.
//
// BM25 is FTS5's, with its k1 of 1.2 and b of 0.75. Passages that were deleted
// still count in its number of passages and mean length, until Compact.
//
// # Memory
//
// In memory are the candidate index, about two bytes for each token vector of
// the file once it is searched, the codes that searches have read, and pages for
// each connection. Options.Memory bounds the latter two; SmallMemory is for
// phones. Trim gives all of it back until the next search.
//
// # Files, processes, drivers
//
// A file of an older version is migrated when it is opened for writing, in one
// transaction, which for one before version 3 reads all texts and makes full text
// anew where it differs; opened read-only it is searched as it is. One of a newer version
// is refused with ErrSchema. So is one that a newer program migrates while it is
// open, from the next call on.
//
// A file records its model's fingerprint and by which rule that was made. A
// program whose newer version knows the same model by another fingerprint passes
// the former ones in Options.Former, and files of that time go on working.
//
// SQLite's write-ahead log lies beside the file (-wal, -shm) while it is open.
// One process writes at a time; another waits for Options.Wait, then gets
// ErrLocked. While one trains, others wait up to a second for each of its steps.
// A read-only store may lie in a folder that can't be written, when it was closed
// properly before; nobody may change it there. Network file systems whose locks
// don't work are no place for a file.
//
// With cgo and the build tag sqlite_fts5 the driver is github.com/mattn/go-sqlite3,
// otherwise github.com/ncruces/go-sqlite3, which needs no C. Files are the same.
// Both register themselves with database/sql as "sqlite3", which can be done only
// once: a program that imports mattn's driver itself must be built with
// -tags sqlite_fts5.
//
// In js/wasm with the tag sqlite_js the driver is package sqlitejs: SQLite is a
// WebAssembly module beside the program, a fifth of the download. There, as in
// js/wasm without the tag, are no file locks: a file is its only user's, has one
// connection, and its write-ahead log does without shared memory.
package store
