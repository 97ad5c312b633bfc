// Package eval measures how well a model orders the documents of a test collection:
// one with queries, and with judgements which of its documents answer them.
//
// [Evaluate] ranks a collection in up to four ways, as [Ranking] lists them, and keeps
// the runs; package measure makes figures of these as trec_eval does. Beside it stand
// the formats: beir for collections, trec for runs and judgements; the lexical baseline
// bm25; and hidden, which makes collections of long documents with one sentence that
// matters.
package eval
