package edge

import (
	"context"
	"fmt"
	"math"
	"sync"
	"sync/atomic"

	"github.com/toller-search/toller/heads"
	"github.com/toller-search/toller/infer"
)

// EncodeQuery encodes a query. A text longer than the model's query length is
// cut. The context's end is an error.
func (m *Model) EncodeQuery(ctx context.Context, text string) (*Query, error) {
	if err := m.begin(); err != nil {
		return nil, err
	}
	defer m.calls.Done()
	return m.encodeQuery(ctx, text)
}

func (m *Model) encodeQuery(ctx context.Context, text string) (*Query, error) {
	var s *sequence
	var bad error
	if err := await(ctx, func() { s, bad = m.queries.prepare(text, m.queries.length) }); err != nil {
		return nil, err
	}
	if bad != nil {
		return nil, fmt.Errorf("edge: query: %w", bad)
	}
	var q *Query
	err := m.encoder.Encode(ctx, []infer.Sequence{s.Sequence}, func(_ int, states []float32) error {
		v, err := m.project(ctx, s, states)
		q = &Query{v}
		return err
	})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("edge: query: %w", err)
	}
	return q, nil
}

// EncodeDocuments encodes texts, in their order. Texts longer than the model's
// document length, or than [MaxTokens], are cut. The context's end is an error.
// To rank many texts once, [Model.Rank] needs less memory: it doesn't keep the
// vectors.
func (m *Model) EncodeDocuments(ctx context.Context, texts []string, opts ...EncodeOption) ([]*Document, error) {
	var c call
	for _, opt := range opts {
		opt.encode(&c)
	}
	if err := m.begin(); err != nil {
		return nil, err
	}
	defer m.calls.Done()
	documents := make([]*Document, len(texts))
	err := m.encodeEach(ctx, texts, c, func(i int, d *Document) error { documents[i] = d; return nil })
	if err != nil {
		return nil, err
	}
	return documents, nil
}

// Texts are tokenised and encoded in groups: enough work for many threads, and
// few enough tokens, at some 40 bytes each, to take little memory.
const (
	groupTexts  = 256
	groupTokens = 1 << 18
)

// encodeEach encodes texts as documents and calls emit with each, in any order
// and concurrently.
func (m *Model) encodeEach(ctx context.Context, texts []string, c call, emit func(i int, d *Document) error) error {
	length, err := m.documentLength(c)
	if err != nil {
		return err
	}
	progress := counter{total: len(texts), report: c.progress}
	size := max(1, min(groupTexts, groupTokens/length))
	for start := 0; start < len(texts); start += size {
		group := texts[start:min(start+size, len(texts))]
		prepared, err := m.prepareGroup(ctx, group, start, length)
		if err != nil {
			return err
		}
		sequences := make([]infer.Sequence, len(prepared))
		for i, s := range prepared {
			sequences[i] = s.Sequence
		}
		err = m.encoder.Encode(ctx, sequences, func(i int, states []float32) error {
			v, err := m.project(ctx, prepared[i], states)
			if err != nil {
				return fmt.Errorf("document %d: %w", start+i, err)
			}
			prepared[i] = nil
			if v, err = v.pool(ctx, c.poolFactor); err != nil {
				return err
			}
			if err := emit(start+i, &Document{v}); err != nil {
				return err
			}
			progress.step()
			return nil
		})
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return fmt.Errorf("edge: %w", err)
		}
	}
	return nil
}

// documentLength returns the length at which a call cuts documents.
func (m *Model) documentLength(c call) (int, error) {
	if c.poolFactor < 0 {
		return 0, fmt.Errorf("edge: PoolFactor: expected 0 or more, found %d", c.poolFactor)
	}
	if c.maxTokens == 0 {
		return m.documents.length, nil
	}
	if err := m.documents.checkLength(c.maxTokens, maxDocumentLength); err != nil {
		return 0, fmt.Errorf("edge: MaxTokens: %w", err)
	}
	return c.maxTokens, nil
}

// prepareGroup tokenises texts on all threads. first is the index of the group's
// first text, for messages.
func (m *Model) prepareGroup(ctx context.Context, texts []string, first, length int) ([]*sequence, error) {
	prepared := make([]*sequence, len(texts))
	errs := make([]error, len(texts))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(m.threads, len(texts)) {
		workers.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(texts) {
					return
				}
				prepared[i], errs[i] = m.documents.prepare(texts[i], length)
			}
		})
	}
	if err := await(ctx, workers.Wait); err != nil {
		return nil, err
	}
	for i, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("edge: document %d: %w", first+i, err)
		}
	}
	return prepared, nil
}

// projectRows is how many states go through the head between two looks at the
// context.
const projectRows = 512

// project turns the states of a sequence [len(IDs), H] into its vectors. It
// overwrites states.
func (m *Model) project(ctx context.Context, s *sequence, states []float32) (vectors, error) {
	in, out := m.head.In(), m.head.Out()
	v := m.withoutVectors(s)
	states = heads.Select(states, in, s.keep)
	n := len(v.tokens)
	v.data = make([]float32, n*out)
	for start := 0; start < n; start += projectRows {
		if err := ctx.Err(); err != nil {
			return vectors{}, err
		}
		rows := min(projectRows, n-start)
		m.head.Apply(v.data[start*out:], states[start*in:], rows)
	}
	heads.Normalize(v.data, out)
	for i, x := range v.data {
		// Weights are finite, but absurd ones can overflow on the way.
		if x != x || math.IsInf(float64(x), 0) {
			return vectors{}, fmt.Errorf("vector %d is not finite: the model's weights are too large for float32 arithmetic", i/out)
		}
	}
	return v, nil
}

// withoutVectors returns what is known of a sequence before it is encoded: the
// tokens that give a vector.
func (m *Model) withoutVectors(s *sequence) vectors {
	v := vectors{dim: m.head.Out(), added: m.added, model: m.model, truncated: s.truncated}
	v.tokens = make([]tokenRef, 0, len(s.tokens))
	for i, kept := range s.keep {
		if kept {
			v.tokens = append(v.tokens, s.tokens[i])
		}
	}
	return v
}

// await runs f, a tokenisation, which can't be interrupted, and returns when it
// is done, or with the context's error as soon as the context ends: f is then
// left to finish on its own. After an error the caller must not touch what f
// writes.
func await(ctx context.Context, f func()) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// counter reports progress.
type counter struct {
	mu     sync.Mutex
	done   int
	total  int
	report func(done, total int) // may be nil
}

func (c *counter) step() {
	if c.report == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done++
	c.report(c.done, c.total)
}
