//go:build !unix

package extract

import "time"

var began = time.Now()

// worked is how long this process has run, where its work can't be told from that.
func worked() time.Duration { return time.Since(began) }
