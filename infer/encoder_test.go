package infer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/toller-search/toller/infer/simd"
)

// encodeAll returns copies of the states of all sequences.
func encodeAll(tb testing.TB, e *Encoder, sequences []Sequence) [][]float32 {
	tb.Helper()
	states := make([][]float32, len(sequences))
	err := e.Encode(context.Background(), sequences, func(i int, s []float32) error {
		states[i] = slices.Clone(s)
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return states
}

// TestReference compares encoders of random shapes with the model written out
// in float64: lengths around the edges of tiles and windows, windows and head
// sizes of all kinds, masked keys down to a single one.
func TestReference(t *testing.T) {
	r := newRand(t)
	shapes := []synthetic{
		small,
		{hidden: 32, intermediate: 24, heads: 2, layers: 2, vocab: 20, window: 2, every: 2},
		{hidden: 96, intermediate: 20, heads: 3, layers: 3, vocab: 20, window: 128, every: 2},
		{hidden: 48, intermediate: 33, heads: 1, layers: 3, vocab: 20, window: 37, every: 5},
		{hidden: 64, intermediate: 64, heads: 4, layers: 2, vocab: 20, window: 130, every: 1},
	}
	for _, shape := range shapes {
		e, tensors := shape.open(t, r, 2)
		for _, n := range []int{1, 16, 97, 163} {
			s := randomSequence(r, n, shape.vocab)
			for _, keys := range []int{0, 1 + r.IntN(n)} {
				s.Keys = keys
				want := reference(e.Config(), tensors, s)
				for _, set := range simd.Names() {
					undo, err := simd.Use(set)
					if err != nil {
						t.Fatal(err)
					}
					got := encodeAll(t, e, []Sequence{s})[0]
					undo()
					for i, v := range got {
						w := want[i/e.Hidden()][i%e.Hidden()]
						if !(math.Abs(float64(v)-w) <= hiddenTolerance) {
							t.Fatalf("%s; %s, %d tokens, %d keys: row %d, dimension %d: expected %v, found %v", shape, set, n, keys, i/e.Hidden(), i%e.Hidden(), w, v)
						}
					}
				}
			}
		}
	}
}

// TestBatchIndependence demands the same bits for a sequence alone, among others
// in any order, and on 1, 2 and 7 threads.
func TestBatchIndependence(t *testing.T) {
	r := newRand(t)
	count, orders := 64, 2
	if testing.Short() {
		count, orders = 24, 1
	}
	sequences := make([]Sequence, count)
	for i := range sequences {
		sequences[i] = randomSequence(r, 1+r.IntN(250), small.vocab)
	}
	sequences[5] = randomSequence(r, longSequence+3, small.vocab)
	dir := small.write(t, r)
	alone := make([][]float32, len(sequences))
	for _, threads := range []int{1, 2, 7} {
		e := openDirectory(t, dir, threads)
		if threads == 1 {
			for i, s := range sequences {
				alone[i] = encodeAll(t, e, []Sequence{s})[0]
			}
		}
		for range orders {
			order := r.Perm(len(sequences))
			shuffled := make([]Sequence, len(order))
			for to, from := range order {
				shuffled[to] = sequences[from]
			}
			for to, states := range encodeAll(t, e, shuffled) {
				if !slices.Equal(states, alone[order[to]]) {
					t.Fatalf("%d threads: sequence %d of %d tokens differs from its states alone", threads, order[to], len(shuffled[to].IDs))
				}
			}
		}
	}
}

// TestConcurrentCalls shares an encoder between goroutines.
func TestConcurrentCalls(t *testing.T) {
	r := newRand(t)
	e, _ := small.open(t, r, 3)
	sequences := make([]Sequence, 20)
	for i := range sequences {
		sequences[i] = randomSequence(r, 1+r.IntN(150), small.vocab)
	}
	want := encodeAll(t, e, sequences)
	var calls sync.WaitGroup
	for g := range 8 {
		calls.Go(func() {
			for k := range 5 {
				i := (3*g + k) % len(sequences)
				err := e.Encode(context.Background(), sequences[i:i+1], func(_ int, got []float32) error {
					if !slices.Equal(got, want[i]) {
						return fmt.Errorf("sequence %d differs", i)
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	calls.Wait()
}

func TestEncodeStops(t *testing.T) {
	e := openEncoder(t, "edge-17m-shape", 2)
	s := randomSequence(newRand(t), 32768, e.Vocab())

	// A context that ends in the middle of a long document.
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- e.Encode(ctx, []Sequence{s}, func(int, []float32) error { return nil })
	}()
	time.Sleep(300 * time.Millisecond)
	cancel()
	cancelled := time.Now()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("expected %v, found %v", context.Canceled, err)
	}
	if took := time.Since(cancelled); took > time.Second {
		t.Errorf("the call returned %v after its context ended", took)
	} else {
		t.Logf("returned %v after its context ended", took)
	}

	// One that has ended before.
	if err := e.Encode(ctx, []Sequence{{IDs: []int32{1}}}, func(int, []float32) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("expected %v, found %v", context.Canceled, err)
	}

	// The receiver's own error.
	want := errors.New("enough")
	calls := 0
	many := slices.Repeat([]Sequence{{IDs: []int32{1, 2, 3}}}, 1000)
	var mu sync.Mutex
	err := e.Encode(context.Background(), many, func(int, []float32) error {
		mu.Lock()
		defer mu.Unlock()
		calls++
		return want
	})
	if err != want {
		t.Errorf("expected %v, found %v", want, err)
	}
	if calls > 2 { // one a thread
		t.Errorf("expected at most 2 calls after the first error, found %d", calls)
	}
}

func TestEncodeRefuses(t *testing.T) {
	e, _ := small.open(t, newRand(t), 1)
	for name, c := range map[string]struct {
		s    Sequence
		want string
	}{
		"empty":         {Sequence{}, "sequence 0: expected at least one token, found none"},
		"negative id":   {Sequence{IDs: []int32{1, -1}}, "token 1: expected an id below 50, found -1"},
		"large id":      {Sequence{IDs: []int32{50}}, "token 0: expected an id below 50, found 50"},
		"too many keys": {Sequence{IDs: []int32{1}, Keys: 2}, "expected 0 to 1 positions to attend to, found 2"},
	} {
		err := e.Encode(context.Background(), []Sequence{c.s}, func(int, []float32) error { return nil })
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: expected an error with %q, found %v", name, c.want, err)
		}
	}
	if err := e.Encode(context.Background(), nil, nil); err != nil {
		t.Errorf("no sequences: expected no error, found %v", err)
	}
}
