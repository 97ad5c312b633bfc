package infer

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/toller-search/toller/infer/simd"
	"github.com/toller-search/toller/infer/weights"
)

// Encoder is an encoder ready to run. It is safe for concurrent use.
type Encoder struct {
	config     Config
	numerics   Numerics
	backbone   *backbone
	parameters int
	dtype      simd.DType // of the matrices
	embeddings simd.DType // of the embedding table
	workers    *workers
}

// Options says how an encoder runs.
type Options struct {
	Threads  int      // goroutines that compute at the same time; 0 means GOMAXPROCS
	Numerics Numerics // "" means Exact
	Folder   string   // of the checkpoint's that the encoder is in; "" means the checkpoint itself
}

// Sequence is one input.
type Sequence struct {
	IDs []int32 // token ids

	// Keys is how many positions, from the front, may be attended to; 0 means
	// all. Query expansion tokens come after them: they attend, but nothing
	// attends to them.
	Keys int
}

// New prepares the encoder of a checkpoint. The checkpoint must stay open as
// long as the encoder is used.
func New(c *weights.Checkpoint, o Options) (*Encoder, error) {
	config, err := readConfig(c, o.Folder)
	if err != nil {
		return nil, err
	}
	if o.Threads < 1 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	numerics, err := o.Numerics.check()
	if err != nil {
		return nil, err
	}
	e := &Encoder{config: config, numerics: numerics, workers: newWorkers(o.Threads)}
	if err := e.load(c, o.Folder); err != nil {
		return nil, err
	}
	return e, nil
}

// Config is the encoder's shape.
func (e *Encoder) Config() Config { return e.config }

// Hidden is H, the width of a token state.
func (e *Encoder) Hidden() int { return e.config.HiddenSize }

// Vocab is the number of token ids.
func (e *Encoder) Vocab() int { return e.config.VocabSize }

// Positions is the most tokens that a sequence may have, 0 where there is no
// limit.
func (e *Encoder) Positions() int { return e.config.Positions }

// Parameters is the number of weights.
func (e *Encoder) Parameters() int { return e.parameters }

// Numerics is the arithmetic that the states come from.
func (e *Encoder) Numerics() Numerics { return e.numerics }

// DType is the format of the stored weights.
func (e *Encoder) DType() simd.DType { return e.dtype }

// Embeddings is the format of the table of token embeddings.
func (e *Encoder) Embeddings() simd.DType { return e.embeddings }

// longSequence is the length from which a sequence is long: one is under way at
// a time, on all threads, so that the memory in use is that of one of them and
// not of one a thread.
const longSequence = 2048

// Encode runs the encoder over sequences and calls emit once for each, with
// its index and its states [len(IDs), H] after the final norm. Calls of emit
// come in any order and concurrently; states is only valid during the call,
// and emit must not call the encoder. A slow emit holds up its own call of
// Encode, and others only where they wait to begin a sequence of 2,048 tokens or
// more after such a one. The first error of emit, or the context's, ends the
// work.
//
// Calls share the threads: each sequence waits for its turn, those of all calls
// in the order in which they came.
//
// The states of a sequence depend on nothing but the sequence.
func (e *Encoder) Encode(ctx context.Context, sequences []Sequence, emit func(i int, states []float32) error) error {
	return e.encode(ctx, false, sequences, emit)
}

// EncodeFirst is Encode for work that somebody waits for, such as a query: it
// goes before that of Encode, which is interrupted for it within milliseconds.
// Sequences of 2,048 tokens or more gain nothing by it.
//
// Encode isn't held up for good: where EncodeFirst takes all threads all the
// time, it still has about a fifth of each.
func (e *Encoder) EncodeFirst(ctx context.Context, sequences []Sequence, emit func(i int, states []float32) error) error {
	return e.encode(ctx, true, sequences, emit)
}

func (e *Encoder) encode(ctx context.Context, urgent bool, sequences []Sequence, emit func(i int, states []float32) error) error {
	for i, s := range sequences {
		if err := e.check(s); err != nil {
			return fmt.Errorf("infer: sequence %d: %w", i, err)
		}
	}
	if len(sequences) == 1 {
		return e.encodeOne(ctx, urgent, 0, sequences[0], emit)
	}

	// Longest first: the short ones fill the gaps at the end.
	order := make([]int, len(sequences))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(sequences[b].IDs) - len(sequences[a].IDs) })

	work, whole := errgroup.WithContext(ctx)
	work.SetLimit(e.workers.threads)
	for _, i := range order {
		if whole.Err() != nil {
			break
		}
		work.Go(func() error { return e.encodeOne(whole, urgent, i, sequences[i], emit) })
	}
	if err := work.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// encodeOne waits for the turn of a sequence and takes it through the encoder.
func (e *Encoder) encodeOne(ctx context.Context, urgent bool, i int, s Sequence, emit func(i int, states []float32) error) error {
	t, err := e.workers.begin(ctx, urgent, len(s.IDs) >= longSequence)
	if err != nil {
		return err
	}
	defer t.end()
	p := e.newPass(s, t)
	defer p.release()
	err = p.forward(ctx)
	t.leave()
	if err != nil {
		return err
	}
	return emit(i, p.states)
}

// check refuses a sequence that doesn't fit the model.
func (e *Encoder) check(s Sequence) error {
	if len(s.IDs) == 0 {
		return fmt.Errorf("expected at least one token, found none")
	}
	if most := e.config.Positions; most > 0 && len(s.IDs) > most {
		return fmt.Errorf("expected at most %d tokens, the positions that the model has, found %d", most, len(s.IDs))
	}
	if s.Keys < 0 || s.Keys > len(s.IDs) {
		return fmt.Errorf("expected 0 to %d positions to attend to, found %d", len(s.IDs), s.Keys)
	}
	for at, id := range s.IDs {
		if id < 0 || int(id) >= e.config.VocabSize {
			return fmt.Errorf("token %d: expected an id below %d, found %d", at, e.config.VocabSize, id)
		}
	}
	return nil
}
