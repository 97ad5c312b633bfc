package mobile

import (
	"context"
	"fmt"
	"sync"

	"github.com/toller-search/toller/edge"
)

// life is how long a model or an index is open.
type life struct {
	ctx context.Context
	end context.CancelCauseFunc
}

func newLife() life {
	ctx, end := context.WithCancelCause(context.Background())
	return life{ctx, end}
}

// close ends the calls that are running: whoever closes shouldn't have to wait for
// them to finish by themselves.
func (l life) close(what string) {
	l.end(fmt.Errorf("mobile: %s: %w", what, edge.ErrClosed))
}

// begin starts a call: its context ends with the life and with c, and memory isn't
// given back until done.
func (l life) begin(c *Cancel) (ctx context.Context, end context.CancelCauseFunc, done func()) {
	activity.enter()
	ctx, end = context.WithCancelCause(l.ctx)
	unhook := func() bool { return true }
	if c != nil && c.ctx != nil {
		unhook = context.AfterFunc(c.ctx, func() { end(errCancelled) })
		if c.ctx.Err() != nil {
			end(errCancelled) // at once, not on another goroutine
		}
	}
	var once sync.Once
	return ctx, end, func() {
		once.Do(func() {
			unhook()
			end(nil)
			activity.leave()
		})
	}
}
