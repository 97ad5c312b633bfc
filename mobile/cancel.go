package mobile

import "context"

// A Cancel ends calls from another thread. One may be given to any number of
// calls; where none is needed, null is enough.
type Cancel struct {
	ctx context.Context
	end context.CancelCauseFunc
}

// NewCancel returns a Cancel that has ended nothing yet.
func NewCancel() *Cancel {
	c := new(Cancel)
	c.ctx, c.end = context.WithCancelCause(context.Background())
	return c
}

// Cancel ends the calls that have this Cancel: within 100 ms they throw an error
// of kind [KindCancelled]. So do all that are given it later. It returns at once.
func (c *Cancel) Cancel() {
	if c.end != nil {
		c.end(errCancelled)
	}
}

// Cancelled says whether Cancel was called.
func (c *Cancel) Cancelled() bool { return c.ctx != nil && c.ctx.Err() != nil }
