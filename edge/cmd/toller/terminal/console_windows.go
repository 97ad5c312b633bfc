package terminal

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// enableSequences has the console understand escape sequences, which older
// ones only do on request, and reports whether it does.
func enableSequences(f *os.File) bool {
	handle := windows.Handle(f.Fd())
	var mode uint32
	if windows.GetConsoleMode(handle, &mode) != nil {
		return false
	}
	return windows.SetConsoleMode(handle, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}

// readerGone reports whether a write failed because nobody reads the pipe any
// more.
func readerGone(err error) bool {
	return errors.Is(err, windows.ERROR_BROKEN_PIPE) || errors.Is(err, windows.ERROR_NO_DATA)
}
