// Package beir reads retrieval test collections in the layout of the BEIR
// benchmark (Thakur et al., arXiv 2104.08663): one folder with
//
//	corpus.jsonl    {"_id": "d1", "title": "…", "text": "…"}, a document a line
//	queries.jsonl   {"_id": "q1", "text": "…"}, a query a line
//	qrels.tsv       query id, document id and grade, separated by tabs
//
// Each may be gzipped with a further ending .gz, and the judgements may lie
// at qrels/test.tsv as in the original archives. Other fields of a line are
// ignored.
//
// Documents are streamed, so a corpus need not fit into memory. Anything
// malformed is an error that names file, line and field; nothing is repaired
// or skipped except blank lines.
package beir
