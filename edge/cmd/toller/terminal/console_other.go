//go:build !windows

package terminal

import (
	"errors"
	"os"
	"syscall"
)

// enableSequences reports whether the terminal understands escape sequences.
func enableSequences(*os.File) bool { return true }

// readerGone reports whether a write failed because nobody reads the pipe any
// more. Where there are signals, SIGPIPE has usually ended the process before.
func readerGone(err error) bool { return errors.Is(err, syscall.EPIPE) }
