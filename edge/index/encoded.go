package index

import (
	"context"
	"fmt"

	"github.com/toller-search/toller/edge"
)

// Texts returns what [Index.Add], [Index.Update] and [Index.Put] encode for
// entries, one list an entry, for whoever has that done elsewhere, by several
// processes or machines with the same model; [Encoded] is how it comes back.
// maxTokens is what [edge.MaxTokens] must be there.
func (x *Index) Texts(ctx context.Context, entries []Entry) (texts [][]string, maxTokens int, err error) {
	if err := x.begin(); err != nil {
		return nil, 0, err
	}
	defer x.calls.Done()
	if x.model == nil {
		return nil, 0, fmt.Errorf("index: %s: %w", x.path, errNoModel)
	}
	documents, err := newDocuments(ctx, entries)
	if err != nil {
		return nil, 0, err
	}
	b := &batch{documents: documents}
	if err := x.cutBatch(ctx, b, entries); err != nil {
		return nil, 0, err
	}
	texts = make([][]string, len(entries))
	rest := b.texts
	for i := range documents {
		n := len(documents[i].Passages)
		texts[i], rest = rest[:n:n], rest[n:]
	}
	return texts, x.longest, nil
}

// Encoded has a call store documents that were encoded already, in place of
// encoding: one for each text that [Index.Texts] gives for the call's entries.
func Encoded(documents [][]*edge.Document) WriteOption {
	return func(o *writeOptions) { o.encoded = documents }
}

// takeEncoded gives the passages of a batch the vectors that the caller brought.
func (x *Index) takeEncoded(ctx context.Context, b *batch, encoded [][]*edge.Document, report *progressReport) error {
	for i := range b.documents {
		d := &b.documents[i]
		if len(encoded[i]) != len(d.Passages) {
			return fmt.Errorf("index: entry %q: expected %d encoded passages, found %d", d.Key, len(d.Passages), len(encoded[i]))
		}
		for j, document := range encoded[i] {
			switch {
			case document == nil:
				return fmt.Errorf("index: entry %q: passage %d: expected an encoded document, found none", d.Key, j)
			case document.Model() != x.model.Info().Fingerprint:
				return fmt.Errorf("index: entry %q: passage %d: %w: encoded by %v, expected %v", d.Key, j, ErrModel, document.Model(), x.model.Info().Fingerprint)
			}
			var err error
			p := &d.Passages[j]
			if p.Vectors, p.Clusters, err = x.pooled(ctx, document); err != nil {
				return err
			}
			report.encoded()
		}
	}
	return nil
}
