package infer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/toller-search/toller/infer/simd"
)

// atRest fails unless all slots are free and nobody waits.
func (w *workers) atRest(t *testing.T) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.free != w.threads || len(w.urgent)+len(w.interrupted)+len(w.waiting)+len(w.offers)+len(w.long) > 0 {
		t.Errorf("expected %d free slots and no queues, found %d, %d urgent, %d interrupted, %d waiting, %d offers, %d long",
			w.threads, w.free, len(w.urgent), len(w.interrupted), len(w.waiting), len(w.offers), len(w.long))
	}
	if w.demand.Load() != nobodyWaits || w.full.Load() {
		t.Error("demand or full is out of date")
	}
}

// queued waits until so many wait in a queue.
func (w *workers) queued(q *queue, n int) {
	for {
		w.mu.Lock()
		have := len(*q)
		w.mu.Unlock()
		if have == n {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// TestOrder follows one slot through its holders: urgent work goes first, what
// was interrupted goes on before something new begins, and the rest comes in the
// order in which it asked.
func TestOrder(t *testing.T) {
	w := newWorkers(1)
	ctx := context.Background()
	var mu sync.Mutex
	var order []string
	note := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		order = append(order, what)
	}
	first, err := w.begin(ctx, false, false)
	if err != nil {
		t.Fatal(err)
	}
	var others sync.WaitGroup
	start := func(name string, urgent bool, q *queue, n int) {
		others.Go(func() {
			turn, err := w.begin(ctx, urgent, false)
			if err != nil {
				t.Error(err)
				return
			}
			note(name)
			turn.leave()
			turn.end()
		})
		w.queued(q, n)
	}
	start("second", false, &w.waiting, 1)
	start("third", false, &w.waiting, 2)
	if err := first.pause(ctx); err != nil { // nobody urgent: keeps the slot
		t.Fatal(err)
	}
	note("first goes on")
	start("query 1", true, &w.urgent, 1)
	start("query 2", true, &w.urgent, 2)
	if err := first.pause(ctx); err != nil {
		t.Fatal(err)
	}
	note("first ends")
	first.leave()
	first.end()
	others.Wait()
	want := []string{"first goes on", "query 1", "query 2", "first ends", "second", "third"}
	if !slices.Equal(order, want) {
		t.Errorf("expected %q, found %q", want, order)
	}
	w.atRest(t)
}

// TestLongGivesWay lets a short sequence begin between the tiles of a long one,
// and no second long one.
func TestLongGivesWay(t *testing.T) {
	w := newWorkers(1)
	ctx := context.Background()
	long, err := w.begin(ctx, true, true)
	if err != nil {
		t.Fatal(err)
	}
	var others sync.WaitGroup
	var short, second atomic.Bool
	others.Go(func() {
		turn, err := w.begin(ctx, false, true)
		if err != nil {
			t.Error(err)
			return
		}
		second.Store(true)
		turn.leave()
		turn.end()
	})
	others.Go(func() {
		turn, err := w.begin(ctx, false, false)
		if err != nil {
			t.Error(err)
			return
		}
		short.Store(true)
		turn.leave()
		turn.end()
	})
	w.queued(&w.waiting, 1)
	if err := long.pause(ctx); err != nil || short.Load() {
		t.Errorf("in the middle of a tile it gives way to urgent work only; error %v", err)
	}
	if err := long.giveWay(ctx); err != nil || !short.Load() {
		t.Errorf("between tiles it must give way; error %v", err)
	}
	long.leave()
	if short, err := w.begin(ctx, false, false); err != nil || second.Load() {
		t.Errorf("a second long sequence began before the first ended; error %v", err)
	} else {
		short.leave()
	}
	long.end()
	others.Wait()
	if !second.Load() {
		t.Error("the second long sequence never began")
	}
	w.atRest(t)
}

// TestNoStarvation keeps all threads busy with urgent work, and demands that
// the rest gets somewhere. It has about a fifth of the time; on a busy machine
// the clock says little about that.
func TestNoStarvation(t *testing.T) {
	const threads = 2
	w := newWorkers(threads)
	ctx, cancel := context.WithCancel(context.Background())
	busy := func() {
		for start := time.Now(); time.Since(start) < time.Millisecond; {
			runtime.Gosched()
		}
	}
	var calls sync.WaitGroup
	for range 3 * threads {
		calls.Go(func() {
			for {
				turn, err := w.begin(ctx, true, false)
				if err != nil {
					return
				}
				busy()
				turn.leave()
				turn.end()
			}
		})
	}
	turn, err := w.begin(ctx, false, false)
	if err != nil {
		t.Fatal(err)
	}
	start, pieces := time.Now(), 0
	for time.Since(start) < time.Second {
		busy()
		pieces++
		if err := turn.pause(ctx); err != nil {
			t.Fatal(err)
		}
	}
	turn.leave()
	turn.end()
	cancel()
	calls.Wait()
	t.Logf("%d pieces of a millisecond in %v", pieces, time.Since(start))
	if pieces < 5 {
		t.Errorf("expected some 200 pieces, found %d", pieces)
	}
	w.atRest(t)
}

// TestWaitingStops ends contexts of those who wait for a slot, before a sequence
// and in the middle of one.
func TestWaitingStops(t *testing.T) {
	w := newWorkers(1)
	holder, err := w.begin(context.Background(), false, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, urgent := range []bool{false, true} {
		for _, long := range []bool{false, true} {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
			if _, err := w.begin(ctx, urgent, long); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("expected %v, found %v", context.DeadlineExceeded, err)
			}
			cancel()
		}
	}
	// The slot is handed to urgent work, which keeps it.
	urgent := make(chan *turn)
	go func() {
		turn, err := w.begin(context.Background(), true, false)
		if err != nil {
			t.Error(err)
		}
		urgent <- turn
	}()
	w.queued(&w.urgent, 1)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := holder.pause(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("expected %v, found %v", context.DeadlineExceeded, err)
	}
	holder.leave()
	holder.end()
	turn := <-urgent
	turn.leave()
	turn.end()
	w.atRest(t)
}

// TestOvertaking encodes short and long sequences while others do, while queries
// overtake them and while calls are cancelled at any moment: the states must be
// those of a sequence alone, to the last bit, and nothing may be left behind.
func TestOvertaking(t *testing.T) {
	rounds, longest := 25, 500
	switch {
	case testing.Short() && simd.Name() == "generic":
		rounds, longest = 4, 100 // it is about turns, not about products
	case testing.Short():
		rounds = 6 // the race detector slows everything down
	}
	r := newRand(t)
	dir := small.write(t, r)
	sequences := make([]Sequence, 40)
	for i := range sequences {
		sequences[i] = randomSequence(r, 1+r.IntN(longest), small.vocab)
	}
	for _, i := range []int{7, 23} {
		sequences[i] = randomSequence(r, longSequence+r.IntN(1000), small.vocab)
	}
	want := encodeAll(t, openDirectory(t, dir, 1), sequences)
	for _, threads := range []int{1, 2, 5} {
		t.Run(fmt.Sprintf("threads=%d", threads), func(t *testing.T) {
			e := openDirectory(t, dir, threads)
			goroutines := runtime.NumGoroutine()
			same := func(chosen []int) func(int, []float32) error {
				return func(at int, got []float32) error {
					if !slices.Equal(got, want[chosen[at]]) {
						return fmt.Errorf("sequence %d differs", chosen[at])
					}
					return nil
				}
			}
			some := func(r *rand.Rand, n int) (chosen []int, s []Sequence) {
				for range n {
					i := r.IntN(len(sequences))
					chosen, s = append(chosen, i), append(s, sequences[i])
				}
				return chosen, s
			}
			var calls sync.WaitGroup
			for range 3 {
				r := rand.New(rand.NewPCG(r.Uint64(), 0))
				calls.Go(func() {
					chosen, s := some(r, rounds)
					if err := e.Encode(context.Background(), s, same(chosen)); err != nil {
						t.Error(err)
					}
				})
			}
			for range 3 {
				r, other := rand.New(rand.NewPCG(r.Uint64(), 0)), rand.New(rand.NewPCG(r.Uint64(), 0))
				calls.Go(func() {
					for range rounds {
						chosen, s := some(r, 1+r.IntN(3))
						if err := e.EncodeFirst(context.Background(), s, same(chosen)); err != nil {
							t.Error(err)
						}
					}
				})
				calls.Go(func() {
					r := other
					for range rounds {
						ctx, cancel := context.WithTimeout(context.Background(), time.Duration(r.IntN(5000))*time.Microsecond)
						chosen, s := some(r, 1+r.IntN(10))
						encode := e.Encode
						if r.IntN(2) == 0 {
							encode = e.EncodeFirst
						}
						if err := encode(ctx, s, same(chosen)); err != nil && !errors.Is(err, context.DeadlineExceeded) {
							t.Error(err)
						}
						cancel()
					}
				})
			}
			calls.Wait()
			e.workers.atRest(t)
			for range 100 { // one that has just reported its end may still be there
				if runtime.NumGoroutine() <= goroutines {
					return
				}
				time.Sleep(time.Millisecond)
			}
			t.Errorf("expected the %d goroutines of before, found %d", goroutines, runtime.NumGoroutine())
		})
	}
}

// TestQueryOvertakesLong demands the states of a short sequence while one of
// 32,768 tokens has all threads.
func TestQueryOvertakesLong(t *testing.T) {
	for _, threads := range []int{1, 2} {
		e := openEncoder(t, "edge-17m-shape", threads)
		r := newRand(t)
		query := []Sequence{randomSequence(r, 32, e.Vocab())}
		ask := func() time.Duration {
			start := time.Now()
			if err := e.EncodeFirst(t.Context(), query, func(int, []float32) error { return nil }); err != nil {
				t.Fatal(err)
			}
			return time.Since(start)
		}
		alone := []time.Duration{ask(), ask(), ask(), ask(), ask()}
		slices.Sort(alone)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() {
			long := randomSequence(r, 32768, e.Vocab())
			done <- e.Encode(ctx, []Sequence{long}, func(int, []float32) error { return nil })
		}()
		var took []time.Duration
		for range 20 {
			time.Sleep(20 * time.Millisecond)
			took = append(took, ask())
		}
		if len(done) > 0 {
			t.Fatalf("the long sequence ended before the queries did: %v", <-done)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("expected %v, found %v", context.Canceled, err)
		}
		slices.Sort(took)
		t.Logf("%d threads: queries took %v, alone %v", threads, took, alone)
		// Waiting for the long one takes seconds with the fastest kernels and minutes
		// with the portable ones. A machine that has other work to do is slow at both.
		if median, most := took[len(took)/2], 500*time.Millisecond+10*alone[len(alone)/2]; median > most {
			t.Errorf("%d threads: expected at most %v, found %v", threads, most, median)
		}
	}
}

// TestSlowEmit encodes while the receiver of other states takes its time.
func TestSlowEmit(t *testing.T) {
	r := newRand(t)
	e, _ := small.open(t, r, 1)
	one := []Sequence{randomSequence(r, 20, small.vocab)}
	started, goOn := make(chan bool), make(chan bool)
	done := make(chan error)
	go func() {
		done <- e.Encode(context.Background(), slices.Repeat(one, 3), func(int, []float32) error {
			started <- true
			<-goOn
			return nil
		})
	}()
	for range 3 {
		<-started
		if err := e.Encode(context.Background(), one, func(int, []float32) error { return nil }); err != nil {
			t.Error(err)
		}
		goOn <- true
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
