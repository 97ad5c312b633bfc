// Package measure measures rankings against relevance judgements the way
// BEIR does, which is the way of trec_eval through pytrec_eval:
//
//   - Results are ordered by descending float32 score, ties by descending
//     document id, whatever order they come in.
//   - The gain of a document is its grade itself, not 2^grade - 1; a grade
//     below zero and a missing judgement count as zero. A document is relevant
//     when its grade is at least 1.
//   - A query without results, or without any relevant document, has the value
//     zero in every measure.
//   - A document whose id equals the query's is left out of the ranking
//     before it is cut (BEIR's ignore_identical_ids; in ArguAna and Quora
//     queries are themselves documents).
package measure
