// Package trec reads and writes what retrieval systems exchange at TREC: runs, which
// are ranked results, and relevance judgements, in the formats that trec_eval reads.
//
// A line of a run is
//
//	QUERY Q0 DOCUMENT RANK SCORE TAG
//
// and one of judgements QUERY 0 DOCUMENT GRADE, with white space between the fields, so
// that ids have none. As in trec_eval the order of a run is that of its scores, read as
// float32, ties by descending document id; RANK and the order of lines are not looked at.
package trec
