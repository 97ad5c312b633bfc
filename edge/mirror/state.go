package mirror

import (
	"crypto/sha256"
	"encoding/binary"
	"io/fs"
	"time"
)

// fileState is what can be known of a file without reading it.
type fileState struct {
	size     int64
	modified int64 // in nanoseconds of Unix time
	changed  int64 // the same of what the system keeps of the file, its ctime; 0 where it has none
	inode    uint64
	racy     bool // modified so close to the time of listing that a later change might not move the time
	device   uint16
}

// Times of files move in steps. Where those of a file have parts of a second, the
// steps are those of the system's clock, a few milliseconds; elsewhere they may be as
// coarse as the two seconds of FAT.
const (
	coarseStep = 2 * time.Second
	fineStep   = 100 * time.Millisecond
)

// stateAt is the state of a file that was listed after the time now.
func stateAt(now time.Time, info fs.FileInfo) fileState {
	modified := info.ModTime()
	s := fileState{size: info.Size(), modified: modified.UnixNano()}
	if id, ok := identify(info); ok {
		s.changed, s.inode, s.device = id.changed, id.inode, foldDevice(id.device)
	}
	step := fineStep
	if modified.Nanosecond() == 0 {
		step = coarseStep
	}
	s.racy = now.Sub(modified) < step
	return s
}

// mark is the state as a stamp has it: a digest, of which two that differ tell that
// the file must be read. That of a racy state is zero, which equals none.
func (s fileState) mark() (m [7]byte) {
	if s.racy {
		return m
	}
	var b [32]byte
	binary.LittleEndian.PutUint64(b[0:], uint64(s.size))
	binary.LittleEndian.PutUint64(b[8:], uint64(s.modified))
	binary.LittleEndian.PutUint64(b[16:], uint64(s.changed))
	binary.LittleEndian.PutUint64(b[24:], s.inode)
	d := sha256.Sum256(b[:])
	copy(m[:], d[:])
	if m == [7]byte{} {
		m[0] = 1
	}
	return m
}

// time is when the file was modified.
func (s fileState) time() time.Time { return time.Unix(0, s.modified) }

// identity is what the system knows a file by.
type identity struct {
	device, inode uint64
	changed       int64 // ctime in nanoseconds
	links         uint64
}

// foldDevice makes 16 bits of the number of a device, 0 for none. They serve to see
// that a disk isn't there, of the few that a computer has.
func foldDevice(device uint64) uint16 {
	if device == 0 {
		return 0
	}
	device ^= device >> 32
	device ^= device >> 16
	return max(uint16(device), 1)
}
