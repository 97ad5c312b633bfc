package mobile

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/toller-search/toller/edge/index"
)

// Kinds of errors; see [Kind].
const (
	KindOther     = "other"     // none of the following: a bad argument or file, which the message names
	KindCancelled = "cancelled" // a Cancel ended the call
	KindClosed    = "closed"    // the model or index is closed, possibly during the call
	KindModel     = "model"     // the index has vectors of another model
	KindSchema    = "schema"    // the file is no index, or one of a later version
	KindLocked    = "locked"    // another process, such as an extension, is writing
	KindCorrupt   = "corrupt"   // the file is damaged
	KindFull      = "full"      // no room is left on the device
	KindReadOnly  = "readonly"  // the index was opened for reading alone
	KindNotFound  = "notfound"  // no such file, or no such entry
	KindInternal  = "internal"  // a mistake in toller: please report the message
)

var (
	errCancelled = errors.New("mobile: cancelled")
	errInternal  = errors.New("mobile: internal error")
)

// Kind says which of the kinds above an error is of that this package gave. It
// takes the very exception or NSError that was caught.
func Kind(err error) string {
	for _, k := range []struct {
		err  error
		kind string
	}{
		{errCancelled, KindCancelled},
		{errInternal, KindInternal},
		{index.ErrClosed, KindClosed},
		{index.ErrModel, KindModel},
		{index.ErrSchema, KindSchema},
		{index.ErrLocked, KindLocked},
		{index.ErrCorrupt, KindCorrupt},
		{index.ErrFull, KindFull},
		{index.ErrReadOnly, KindReadOnly},
		{index.ErrNotFound, KindNotFound},
	} {
		if errors.Is(err, k.err) {
			return k.kind
		}
	}
	return KindOther
}

// recovered turns a panic into an error. Every function that can panic defers it.
func recovered(err *error) {
	reason := recover()
	if reason == nil {
		return
	}
	// The first frame that isn't the runtime's or this one is where it happened.
	where := "an unknown place"
	pcs := make([]uintptr, 16)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		f, more := frames.Next()
		if f.Function != "" && !isRuntime(f.Function) {
			where = fmt.Sprintf("%s:%d", f.Function, f.Line)
			break
		}
		if !more {
			break
		}
	}
	*err = fmt.Errorf("%w: %v in %s", errInternal, reason, where)
}

func isRuntime(function string) bool {
	return len(function) > 8 && function[:8] == "runtime."
}

// missing is the error for a parameter that is null and may not be.
func missing(what string) error { return fmt.Errorf("mobile: expected %s, found null", what) }

// outOfRange is the error of a list's At.
func outOfRange(i, n int) error {
	return fmt.Errorf("mobile: expected an index from 0 to %d, found %d", n-1, i)
}

// reason is why a call ended: where its context did, what ended that.
func reason(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return context.Cause(ctx)
	}
	return err
}
