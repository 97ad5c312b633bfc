package codec

import (
	"context"
	"sync"
	"sync/atomic"
)

// parallel runs do(0) to do(n−1) on at most threads goroutines, the caller's
// among them. When the context ends, what has not begun is left out and its
// error returned.
func parallel(ctx context.Context, threads, n int, do func(i int)) error {
	var next atomic.Int64
	work := func() {
		for ctx.Err() == nil {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			do(i)
		}
	}
	var helpers sync.WaitGroup
	for range min(threads, n) - 1 {
		helpers.Go(work)
	}
	work()
	helpers.Wait()
	return ctx.Err()
}
