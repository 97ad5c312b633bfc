package eval

// A Ranking is a way to order the documents of a collection for a query.
type Ranking string

const (
	BM25   Ranking = "bm25"   // the lexical baseline of package bm25
	Rerank Ranking = "rerank" // the candidates, in the model's order
	Full   Ranking = "full"   // all documents, in the model's order
	Search Ranking = "search" // as an index finds them: passages, with full text
)

// Rankings are all there are.
var Rankings = []Ranking{BM25, Rerank, Full, Search}
