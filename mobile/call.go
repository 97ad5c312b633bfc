package mobile

import (
	"context"
	"fmt"
	"sync"

	"github.com/toller-search/toller/edge"
)

// errUnopened is what an object gives that the other side made by itself: gomobile
// gives classes a constructor, whether that makes sense or not.
var errUnopened = fmt.Errorf("mobile: expected an object that Open or OpenIndex gave, found a new one: %w", edge.ErrClosed)

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
func (l life) close(what string) error {
	if l.ctx == nil {
		return errUnopened
	}
	l.end(fmt.Errorf("mobile: %s: %w", what, edge.ErrClosed))
	return nil
}

// begin starts a call: its context ends with the life and with c, and memory isn't
// given back until done.
func (l life) begin(c *Cancel) (ctx context.Context, end context.CancelCauseFunc, done func(), err error) {
	if l.ctx == nil {
		return nil, nil, nil, errUnopened
	}
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
	}, nil
}
