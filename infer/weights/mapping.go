package weights

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
)

// Each platform's file defines
//
//	func mapContent(f *os.File, size int) ([]byte, error)
//	func unmap(content []byte) error
//	func release(content []byte)
//
// mapContent returns the first size > 0 bytes of f, read-only, and f may be
// closed after. release lets the system take back the memory of pages that
// were touched; they are read again when they are needed.

// mapFile maps a file until Close.
func (c *Checkpoint) mapFile(path string) ([]byte, error) {
	f, size, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size == 0 {
		return nil, fmt.Errorf("%s is empty", path)
	}
	content, err := mapContent(f, size)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", path, err)
	}
	c.mapped = append(c.mapped, content)
	return content, nil
}

// openRegular opens a file and returns its size.
func openRegular(path string) (*os.File, int, error) {
	// Before opening: opening a named pipe would wait for its other end.
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, &fs.PathError{Op: "open", Path: path, Err: errors.New("not a regular file")}
	}
	if info.Size() > math.MaxInt {
		return nil, 0, &fs.PathError{Op: "open", Path: path, Err: errors.New("too large to be addressed")}
	}
	f, err := os.Open(path)
	return f, int(info.Size()), err
}
