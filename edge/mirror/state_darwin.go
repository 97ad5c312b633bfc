package mirror

import (
	"io/fs"
	"syscall"
)

// identify tells what the system knows a file by, if it says so.
func identify(info fs.FileInfo) (identity, bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return identity{}, false
	}
	seconds, nanoseconds := s.Ctimespec.Unix()
	return identity{uint64(uint32(s.Dev)), s.Ino, seconds*1e9 + nanoseconds, uint64(s.Nlink)}, true
}
