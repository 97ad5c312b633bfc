//go:build unix

package extract

import (
	"time"

	"golang.org/x/sys/unix"
)

// worked is how much time of processors this process has had.
func worked() time.Duration {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
