// Package engine puts an index's passages into a search engine that is made for
// many machines, and searches there: [Qdrant], [OpenSearch] and [Vespa], each in a
// package of its own below this one.
//
// The encoder and the explanations stay toller's. What an engine holds is one point
// a passage: its token vectors, its text, and what says where it comes from. [Push]
// makes a collection of points what an index is; a search there encodes the query
// here, and [Hit.Result] with [index.Explain] shows word by word why a passage was
// found, from the vectors that the engine kept.
//
// A point's id is made of its document's key and the passage's number (UUID version
// 5), so that the same passage always has the same one: whatever is pushed twice is
// there once. Each point carries a hash of everything that it was made of. A push
// asks for those hashes, sends what differs, and deletes what the index doesn't
// have; it keeps no state of its own. It may therefore be killed at any moment, as
// may the engine, and be run again.
//
// A filter is asked of the engine, as conditions on a point's fields that package
// [condition] makes of it; what an engine can't express is refused with [ErrFilter].
//
// The engines are spoken to over their REST interfaces with net/http: their client
// libraries bring gRPC, hundreds of calls and a release with every release of the
// server, for the handful of calls that are needed here.
//
// [Qdrant]: https://pkg.go.dev/github.com/toller-search/toller/edge/engine/qdrant
// [OpenSearch]: https://pkg.go.dev/github.com/toller-search/toller/edge/engine/opensearch
// [condition]: https://pkg.go.dev/github.com/toller-search/toller/edge/engine/condition
// [Vespa]: https://pkg.go.dev/github.com/toller-search/toller/edge/engine/vespa
package engine
