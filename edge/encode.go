package edge

import (
	"context"
	"fmt"
	"math"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/toller-search/toller/edge/internal/await"
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
	if err := await.Done(ctx, func() { s, bad = m.queries.prepare(text, m.queries.length) }); err != nil {
		return nil, err
	}
	if bad != nil {
		return nil, fmt.Errorf("edge: query: %w", bad)
	}
	var q *Query
	err := m.encoder.EncodeFirst(ctx, []infer.Sequence{s.Sequence}, func(_ int, states []float32) error {
		v, err := m.project(ctx, s, states)
		if err == nil && m.pooling.queries {
			v, err = v.pool(ctx, m.pooling)
		}
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

// EncodeEach encodes texts as documents and hands each to emit with its place
// among them, as soon as it is encoded: in any order, from several goroutines at
// once. Unlike [Model.EncodeDocuments] it keeps none. The first error of emit
// ends the work and is returned, as is the context's end. emit must not close the
// model: that waits for it.
func (m *Model) EncodeEach(ctx context.Context, texts []string, emit func(i int, d *Document) error, opts ...EncodeOption) error {
	var c call
	for _, opt := range opts {
		opt.encode(&c)
	}
	if err := m.begin(); err != nil {
		return err
	}
	defer m.calls.Done()
	return m.encodeEach(ctx, texts, c, emit)
}

const (
	// preparedTokens is how many tokens of a call's texts may be tokenised and
	// wait for their turn, at some 40 bytes each. A text that may have more has
	// to wait for the others.
	preparedTokens = 1 << 18

	// urgentTokens is how many tokens of a short call go before other work: those
	// of a few passages.
	urgentTokens = 2048
	// A call is taken for short by the length of its texts. Where they have more
	// tokens than this, the rest isn't urgent.
	bytesPerToken = 4
)

// encodeEach encodes texts as documents and calls emit with each, in any order
// and concurrently.
//
// Each text is tokenised, encoded and emitted on its own, by one goroutine more
// than may compute: one of them tokenises what is encoded next. Only encoding
// takes a thread of the model's; a slow emit or report of progress keeps none.
func (m *Model) encodeEach(ctx context.Context, texts []string, c call, emit func(i int, d *Document) error) error {
	length, err := m.documentLength(c)
	if err != nil {
		return err
	}
	each := documentCall{model: m, call: c, length: length}
	each.urgent.Store(m.urgentTokens(texts, length))
	each.progress = counter{total: len(texts), report: c.progress}

	prepared := semaphore.NewWeighted(preparedTokens)
	work, whole := errgroup.WithContext(ctx)
	work.SetLimit(m.threads + 1)
	for i, text := range texts {
		tokens := int64(min(len(text), length, preparedTokens)) // each is a byte or more
		if prepared.Acquire(whole, tokens) != nil {
			break
		}
		work.Go(func() error {
			defer prepared.Release(tokens)
			d, err := each.encode(whole, text)
			if err != nil {
				return fmt.Errorf("edge: document %d: %w", i, err)
			}
			if err := emit(i, d); err != nil {
				return err
			}
			each.progress.step()
			return nil
		})
	}
	err = work.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// urgentTokens is how many tokens of these texts go before other work.
func (m *Model) urgentTokens(texts []string, length int) int64 {
	tokens := 0
	for _, text := range texts {
		if tokens += min(len(text)/bytesPerToken, length); tokens > urgentTokens {
			return 0
		}
	}
	return urgentTokens
}

// documentCall is what the documents of a call have in common.
type documentCall struct {
	model *Model
	call
	length   int
	urgent   atomic.Int64 // tokens that may still go before other work
	progress counter
}

func (c *documentCall) encode(ctx context.Context, text string) (*Document, error) {
	m := c.model
	var s *sequence
	var bad error
	if err := await.Done(ctx, func() { s, bad = m.documents.prepare(text, c.length) }); err != nil {
		return nil, err
	}
	if bad != nil {
		return nil, bad
	}
	encode := m.encoder.Encode
	if c.urgent.Add(-int64(len(s.IDs))) >= 0 {
		encode = m.encoder.EncodeFirst
	}
	var v vectors
	err := encode(ctx, []infer.Sequence{s.Sequence}, func(_ int, states []float32) (err error) {
		v, err = m.project(ctx, s, states)
		return err
	})
	if err != nil {
		return nil, err
	}
	if pooling := m.pooling.by(c.poolFactor); pooling.documents {
		if v, err = v.pool(ctx, pooling); err != nil {
			return nil, err
		}
	}
	return &Document{v}, nil
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
	if !m.raw {
		heads.Normalize(v.data, out)
	}
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
