package mobile

import (
	"context"
	"fmt"
)

// Progress is told how far a long call is. Implement it in Kotlin or Swift; where
// it isn't needed, null is enough.
type Progress interface {
	// Report is called with the number of units done and of all there are, from
	// one of Go's threads at a time. Which units these are, the call says. What it
	// throws ends the call.
	Report(done, total int) error
}

// report tells p how far a call is, and ends the call's context where p fails.
func report(p Progress, end context.CancelCauseFunc, done, total int) {
	if p == nil {
		return
	}
	if err := told(p, done, total); err != nil {
		end(err)
	}
}

func told(p Progress, done, total int) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("%w: %v in a callback", errInternal, reason)
		}
	}()
	return p.Report(done, total)
}
