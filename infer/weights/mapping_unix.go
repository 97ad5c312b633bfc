//go:build unix

package weights

import (
	"os"

	"golang.org/x/sys/unix"
)

func mapContent(f *os.File, size int) ([]byte, error) {
	return unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
}

func unmap(content []byte) error {
	return unix.Munmap(content)
}

func release(content []byte) {
	// Advice only: the mapping works as well if it is not taken. Nothing can
	// be lost, since the mapping is of a file and read-only.
	_ = unix.Madvise(content, unix.MADV_DONTNEED)
}
