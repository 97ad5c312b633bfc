package peak

import (
	"time"

	"golang.org/x/sys/unix"
)

// Clock is the processor time that the calling thread has used. Unlike the
// time of day it stands still while other work has the core. A goroutine that
// compares two readings must hold its thread: runtime.LockOSThread.
func Clock() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		return time.Since(start)
	}
	return time.Duration(t.Nano())
}
