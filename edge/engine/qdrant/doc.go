// Package qdrant keeps points in a collection of Qdrant (https://qdrant.tech),
// version 1.10 or later, over its REST interface.
//
// A passage is one point with one multivector, compared by max_sim over dot
// products: Qdrant's own MaxSim. Passages are found by its HNSW graph, or all are
// scored with [engine.Query].Exact. Of the filter language, patterns (~) and the
// order of strings (<, <=, >, >=) are refused: Qdrant has neither.
package qdrant
