package longrun

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// Each calls f with 0 … n-1, from as many goroutines as there are threads, and
// returns the context's error if that ends before the work does.
func Each(ctx context.Context, threads, n int, f func(i int)) error {
	var workers errgroup.Group
	workers.SetLimit(threads)
	for i := range n {
		if ctx.Err() != nil {
			break
		}
		workers.Go(func() error {
			f(i)
			return nil
		})
	}
	workers.Wait()
	return ctx.Err()
}
