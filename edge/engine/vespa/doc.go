// Package vespa writes what Vespa (https://vespa.ai) needs to take over an index: an
// application package ([Services], [Schema]) and a [Feed]. Vespa is configured by
// deploying files and fed by a client of its own, so that nothing here speaks to a
// server.
//
// A feed puts every passage of the index under its [engine.PointID]: feeding it again
// doubles nothing and replaces what has changed. It deletes nothing.
//
// In the schema a passage's vectors are one tensor<float>(token{}, x[dim]). The rank
// profile "maxsim" scores the 1,000 best by BM25 of each content node by MaxSim,
// "exact" all that match; both take the query's vectors as
// input.query(q), tensor<float>(word{}, x[dim]).
package vespa
