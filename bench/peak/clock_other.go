//go:build !linux && !js

package peak

import "time"

// Clock is the time since the program started: this system doesn't tell the
// processor time of a thread, so measure while nothing else runs.
func Clock() time.Duration { return time.Since(start) }
