// Package await leaves work that can't be interrupted to itself.
package await

import "context"

// Done runs f, such as a tokenisation, which can't be interrupted, and returns
// when it is done, or with the context's error as soon as the context ends: f is
// then left to finish on its own. After an error the caller must not touch what f
// writes.
func Done(ctx context.Context, f func()) error {
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
