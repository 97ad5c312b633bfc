package store

import (
	"context"
	"database/sql"
)

// hits reads what a caller wants to see of the passages that were found.
func (s *search) hits(ctx context.Context, list []found) ([]Hit, error) {
	hits := make([]Hit, len(list))
	for i, f := range list {
		h := &hits[i]
		h.Score, h.MaxSim, h.BM25 = f.final, f.maxSim, f.bm25
		if err := s.fill(ctx, h, f.passage); err != nil {
			return nil, err
		}
	}
	return hits, nil
}

func (s *search) fill(ctx context.Context, h *Hit, passage int64) error {
	statement, err := s.statement(ctx, `SELECT d.id, d.key, d.title, d.source, p.start, p."end", p.heading, p.tokens, p.clusters, x.text, c.generation, c.code
		FROM passages p JOIN documents d ON d.id = p.document JOIN texts x ON x.document = d.id JOIN codes c ON c.passage = p.id WHERE p.id = ?`)
	if err != nil {
		return err
	}
	p := &h.Passage
	p.ID = passage
	var tokens int
	var generation int64
	var clusters, text, code []byte
	switch err := statement.QueryRowContext(ctx, passage).Scan(&h.Document, &h.Key, &h.Title, &h.Source,
		&p.Start, &p.End, &p.Heading, &tokens, &clusters, &text, &generation, &code); err {
	case nil:
	case sql.ErrNoRows:
		return s.store.corrupt("passage %d has no document, text or code", passage)
	default:
		return err
	}
	whole, err := unpackText(text)
	if err != nil {
		return s.store.corrupt("document %q: %v", h.Key, err)
	}
	if p.Start < 0 || p.End < p.Start || whole != "" && p.End > len(whole) {
		return s.store.corrupt("passage %d: bytes [%d, %d) of a text of %d", passage, p.Start, p.End, len(whole))
	}
	h.Text = body(whole, p.Start, p.End)
	if !s.Evidence {
		return nil
	}
	if p.Clusters, err = unpackClusters(clusters, tokens); err != nil {
		return s.store.corrupt("passage %d: %v", passage, err)
	}
	c, err := s.codeCoder(ctx, generation)
	if err != nil {
		return err
	}
	if p.Vectors, err = c.codec.Decode(nil, code); err != nil {
		return s.store.corrupt("passage %d: %v", passage, err)
	}
	return nil
}
