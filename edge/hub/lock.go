package hub

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// errNoLocks is for a file system without locks.
var errNoLocks = errors.New("no locks here")

// lock waits until nobody else, in this or another process or in Python, holds the
// lock, and returns what gives it back. Where there are no locks, held is false.
func lock(ctx context.Context, path string) (held bool, release func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return false, nil, err
	}
	for {
		// Python's has this mode too, so that others of the group may wait.
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o664)
		if err != nil {
			return false, nil, err
		}
		taken, err := tryLock(f)
		switch {
		case errors.Is(err, errNoLocks):
			f.Close()
			return false, func() {}, nil
		case err != nil:
			f.Close()
			return false, nil, fmt.Errorf("locking %s: %w", path, err)
		case taken && isStill(f, path):
			return true, func() { unlock(f); f.Close() }, nil
		}
		f.Close()
		if taken {
			continue // somebody has removed it in between
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return false, nil, ctx.Err()
		}
	}
}

// isStill reports whether the file of that name is the open one.
func isStill(f *os.File, path string) bool {
	open, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(path)
	return err == nil && os.SameFile(open, named)
}
