// Package opensearch keeps points in an index of OpenSearch
// (https://opensearch.org), version 2.19 or later, over its REST interface.
//
// A passage is one document: its text for BM25, keywords and numbers for filters,
// and its vectors as a list of lists that is stored and not indexed, the layout that
// lateInteractionScore of the k-NN plugin reads (OpenSearch 3.3 or later). Nested
// documents, one a vector, would be a Lucene document for every token, and doc
// values have no order that would tell one vector from the next.
//
// A search lets BM25 choose candidates in every shard and scores them by MaxSim: in
// the shards where the cluster has lateInteractionScore, and otherwise here, with
// the stored vectors of the best of them. With [engine.Query].Exact every passage
// that meets the filter is scored, which needs the function, and takes time in
// proportion to the passages. Scores and order of what comes back are always those of
// toller's own MaxSim.
//
// All of the filter language can be asked, but for sets of characters ([a-z]) in
// patterns. Keywords are compared up to 8,191 characters; a longer one equals none.
package opensearch
