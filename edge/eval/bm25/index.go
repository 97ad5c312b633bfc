// Package bm25 is the lexical baseline: an in-memory index with the BM25 of
// Lucene (since version 8) at Anserini's parameters. The score of a document
// is
//
//	Σ idf(t) · tf / (tf + k1 · (1 − b + b · length / mean length))
//	idf(t) = ln(1 + (N − df + 0.5) / (df + 0.5))
//
// over the query's terms, a repeated term counting each time. Lucene stores
// document lengths in one lossy byte; here they are exact, which moves
// scores in the third digit.
package bm25

import "math"

// Anserini's parameters.
const (
	k1 = 0.9
	b  = 0.4
)

// An Index holds the term counts of a set of documents. Adding must not
// overlap with other calls; Scores is safe for concurrent use.
type Index struct {
	analyze  func(text string) []string
	terms    map[string]int // to the index in postings
	postings [][]posting
	lengths  []int32 // terms of each document
	total    int64   // sum of lengths
}

type posting struct {
	document int32
	count    int32
}

// New returns an empty index. Analyze splits documents and queries into
// terms.
func New(analyze func(text string) []string) *Index {
	return &Index{analyze: analyze, terms: make(map[string]int)}
}

// Add indexes a document. Documents are numbered from 0 in the order they
// are added.
func (x *Index) Add(text string) {
	document := int32(len(x.lengths))
	terms := x.analyze(text)
	for _, term := range terms {
		id, ok := x.terms[term]
		if !ok {
			id = len(x.postings)
			x.terms[term] = id
			x.postings = append(x.postings, nil)
		}
		list := x.postings[id]
		if last := len(list) - 1; last >= 0 && list[last].document == document {
			list[last].count++
		} else {
			x.postings[id] = append(list, posting{document, 1})
		}
	}
	x.lengths = append(x.lengths, int32(len(terms)))
	x.total += int64(len(terms))
}

// Len returns the number of documents.
func (x *Index) Len() int {
	return len(x.lengths)
}

// Scores returns the score of every document, by number. A document has a
// score above zero exactly when it contains a term of the query.
func (x *Index) Scores(query string) []float32 {
	sums := make([]float32, len(x.lengths))
	n := float64(len(x.lengths))
	mean := float64(x.total) / n
	for _, term := range x.analyze(query) {
		id, ok := x.terms[term]
		if !ok {
			continue
		}
		list := x.postings[id]
		df := float64(len(list))
		idf := math.Log(1 + (n-df+0.5)/(df+0.5))
		for _, p := range list {
			tf, length := float64(p.count), float64(x.lengths[p.document])
			sums[p.document] += float32(idf * tf / (tf + k1*(1-b+b*length/mean)))
		}
	}
	return sums
}
