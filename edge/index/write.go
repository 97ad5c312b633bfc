package index

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/internal/await"
	"github.com/toller-search/toller/store"
)

// A PartialError is what [Index.Add], [Index.Update] and [Index.Put] return:
// why they stopped, and how far they came.
type PartialError struct {
	Stored int // the first Stored entries of the call are in the file
	Err    error
}

func (e *PartialError) Error() string {
	if e.Stored == 0 {
		return e.Err.Error()
	}
	return fmt.Sprintf("%v (%d entries before that are stored)", e.Err, e.Stored)
}

func (e *PartialError) Unwrap() error { return e.Err }

// Add encodes and stores new entries. A key that exists is an error,
// [ErrExists].
//
// Entries are stored in batches, each one transaction: what is in the file
// stays there when the call ends early, and the *[PartialError] that it returns
// then says how much that is. The next batch is encoded while one is written.
// Text that isn't UTF-8 is stored with U+FFFD in place of each bad byte.
func (x *Index) Add(ctx context.Context, entries []Entry, opts ...WriteOption) error {
	return x.write(ctx, entries, opts, x.store.Add)
}

// Update replaces entries whose keys exist; another is an error,
// [ErrNotFound]. It works in batches as [Index.Add] does.
func (x *Index) Update(ctx context.Context, entries []Entry, opts ...WriteOption) error {
	return x.write(ctx, entries, opts, x.store.Update)
}

// Put adds the entries whose keys are new and replaces the others. It works in
// batches as [Index.Add] does.
func (x *Index) Put(ctx context.Context, entries []Entry, opts ...WriteOption) error {
	return x.write(ctx, entries, opts, x.store.Put)
}

// errNoModel is why nothing can be encoded.
var errNoModel = errors.New("the index was opened without a model")

// putter is the store's Add, Update or Put.
type putter func(context.Context, []store.Document) ([]int64, error)

func (x *Index) write(ctx context.Context, entries []Entry, opts []WriteOption, put putter) error {
	var o writeOptions
	for _, opt := range opts {
		opt(&o)
	}
	stored, err := x.encodeAndPut(ctx, entries, &o, put)
	if err != nil {
		return &PartialError{Stored: stored, Err: err}
	}
	return nil
}

// encodeAndPut writes one batch while it encodes the next and cuts the one after
// that into passages. It returns how many entries are in the file.
func (x *Index) encodeAndPut(ctx context.Context, entries []Entry, o *writeOptions, put putter) (stored int, err error) {
	if err := x.begin(); err != nil {
		return 0, err
	}
	defer x.calls.Done()
	if x.model == nil {
		return 0, fmt.Errorf("index: %s: %w", x.path, errNoModel)
	}
	if o.encoded != nil && len(o.encoded) != len(entries) {
		return 0, fmt.Errorf("index: expected encoded passages of each of %d entries, found those of %d", len(entries), len(o.encoded))
	}
	// What can be refused is refused before anything is stored.
	documents, err := newDocuments(ctx, entries)
	if err != nil {
		return 0, err
	}

	report := progressReport{report: o.progress, progress: WriteProgress{Total: len(entries)}}
	stages, work := errgroup.WithContext(ctx)
	cut, encoded := make(chan *batch), make(chan *batch)
	stages.Go(func() error {
		defer close(cut)
		for first := 0; first < len(documents); {
			b := &batch{first: first, documents: nextBatch(documents[first:])}
			if err := x.cutBatch(work, b, entries[first:]); err != nil {
				return err
			}
			if err := b.send(work, cut); err != nil {
				return err
			}
			first += len(b.documents)
		}
		return nil
	})
	stages.Go(func() error {
		defer close(encoded)
		for b := range cut {
			var err error
			if o.encoded != nil {
				err = x.takeEncoded(work, b, o.encoded[b.first:], &report)
			} else {
				err = x.encodeBatch(work, b, &report)
			}
			if err != nil {
				return err
			}
			if err := b.send(work, encoded); err != nil {
				return err
			}
		}
		return nil
	})
	stages.Go(func() error {
		for b := range encoded {
			// Not work: what is encoded is stored, whatever comes of the rest.
			if _, err := put(ctx, b.documents); err != nil {
				return err
			}
			stored += len(b.documents)
			report.stored(stored)
			clear(b.documents) // lets go of the vectors
		}
		return nil
	})
	err = stages.Wait()
	switch {
	case stored == len(documents):
		return stored, nil
	case ctx.Err() != nil:
		return stored, ctx.Err()
	}
	return stored, err
}

// newDocuments returns what the store keeps of entries, without passages.
func newDocuments(ctx context.Context, entries []Entry) ([]store.Document, error) {
	documents := make([]store.Document, len(entries))
	for i := range entries {
		err := ctx.Err()
		if err == nil {
			documents[i], err = entries[i].document()
		}
		if err != nil {
			return nil, err
		}
	}
	return documents, nil
}

// A batch is what is encoded and then written at once: at least one document,
// and otherwise at most so many and so many bytes of text. That is work enough
// for many threads, and not much to lose.
const (
	batchEntries = 256
	batchText    = 128 << 10
)

type batch struct {
	first     int // of the call's entries
	documents []store.Document
	texts     []string         // what is encoded
	passages  []*store.Passage // of the documents, one a text
}

// send hands a batch to the next stage.
func (b *batch) send(ctx context.Context, to chan<- *batch) error {
	select {
	case to <- b:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// nextBatch returns the first batch of documents, which are not none.
func nextBatch(documents []store.Document) []store.Document {
	n, size := 1, len(documents[0].Text)
	for n < min(batchEntries, len(documents)) && size+len(documents[n].Text) <= batchText {
		size += len(documents[n].Text)
		n++
	}
	return documents[:n]
}

// cutBatch cuts documents into passages. entries begins with those that the
// documents are.
func (x *Index) cutBatch(ctx context.Context, b *batch, entries []Entry) error {
	cut := make([][]Passage, len(b.documents))
	if err := await.Done(ctx, func() {
		for i := range b.documents {
			d := &b.documents[i]
			cut[i] = x.cut(ctx, x.model, d.Title, d.Text, entries[i].Plain)
		}
	}); err != nil {
		return err
	}
	for i := range b.documents {
		d := &b.documents[i]
		d.Passages = cut[i]
		for j := range d.Passages {
			p := &d.Passages[j]
			text, _ := x.titled(d.Title, d.Text[p.Start:p.End])
			b.texts, b.passages = append(b.texts, text), append(b.passages, p)
		}
	}
	return nil
}

// encodeBatch encodes the passages of a batch.
func (x *Index) encodeBatch(ctx context.Context, b *batch, report *progressReport) error {
	return x.model.EncodeEach(ctx, b.texts, func(i int, d *edge.Document) (err error) {
		p := b.passages[i]
		p.Vectors, p.Clusters, err = x.pooled(ctx, d)
		report.encoded()
		return err
	}, edge.MaxTokens(x.longest))
}

// progressReport reports the progress of one call.
type progressReport struct {
	mu       sync.Mutex
	report   func(WriteProgress) // may be nil
	progress WriteProgress
}

func (r *progressReport) encoded() { r.update(func(p *WriteProgress) { p.Passages++ }) }

func (r *progressReport) stored(n int) { r.update(func(p *WriteProgress) { p.Stored = n }) }

func (r *progressReport) update(change func(*WriteProgress)) {
	if r.report == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.progress)
	r.report(r.progress)
}
