package main

import (
	"context"
	"sync"
	"sync/atomic"
)

// parallel calls f with 0 … n-1, from as many goroutines as there are
// threads, and returns the context's error if that ends before the work does.
func parallel(ctx context.Context, threads, n int, f func(i int)) error {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(threads, n) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	workers.Wait()
	return ctx.Err()
}
