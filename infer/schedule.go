package infer

import (
	"context"
	"sync"
	"sync/atomic"
)

// workers bounds how many goroutines of one encoder compute at the same time.
// There are none while nothing is being encoded: helpers are started for a
// piece of work and end with it.
type workers struct {
	slots chan struct{} // one element per goroutine at work
}

func newWorkers(threads int) *workers {
	return &workers{slots: make(chan struct{}, threads)}
}

// threads is how many goroutines may compute at the same time.
func (w *workers) threads() int { return cap(w.slots) }

// enter waits for the right to compute on the calling goroutine; leave gives
// it back.
func (w *workers) enter(ctx context.Context) error {
	select {
	case w.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *workers) leave() { <-w.slots }

// each runs do(0) to do(n−1), on the calling goroutine and on as many others
// as are free just now, and returns the first error. After an error, or once
// the context is done, the rest is not started. The caller must have entered.
// do may call each itself.
func (w *workers) each(ctx context.Context, n int, do func(i int) error) error {
	var (
		next  atomic.Int64
		stop  atomic.Bool
		once  sync.Once
		first error
	)
	work := func() {
		for !stop.Load() {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			err := ctx.Err()
			if err == nil {
				err = do(i)
			}
			if err != nil {
				once.Do(func() { first = err })
				stop.Store(true)
			}
		}
	}

	var helpers sync.WaitGroup
	for range n - 1 {
		select {
		case w.slots <- struct{}{}:
			helpers.Go(func() {
				defer w.leave()
				work()
			})
			continue
		default:
		}
		break
	}
	work()
	helpers.Wait()
	return first
}
