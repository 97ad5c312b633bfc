package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
)

// newFile is a file that gets its name only when it is complete: it is
// written under a temporary name in the same folder and renamed by commit.
type newFile struct {
	*os.File
	path string
}

// createFile begins the file that will be at path. An existing one is refused
// unless force is set.
func createFile(path string, force bool) (*newFile, error) {
	if info, err := os.Lstat(path); err == nil {
		if info.IsDir() {
			return nil, fmt.Errorf("%s is a folder; name a file", path)
		}
		if !force {
			return nil, fmt.Errorf("%s exists; --force overwrites it", path)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	// os.CreateTemp would make it readable by its owner alone.
	temporary := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%016x.tmp", filepath.Base(path), rand.Uint64()))
	file, err := os.OpenFile(temporary, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if inner := (*fs.PathError)(nil); errors.As(err, &inner) {
		return nil, fmt.Errorf("creating %s: %w", path, inner.Err) // the temporary name is of no interest
	}
	if err != nil {
		return nil, err
	}
	unfinished.Store(temporary, true)
	return &newFile{file, path}, nil
}

// unfinished holds the names of temporary files. A command removes its own;
// one that is cut off in the middle of a long system call can't.
var unfinished sync.Map

// removeUnfinished is for the end of an interrupted process.
func removeUnfinished() {
	unfinished.Range(func(name, _ any) bool {
		os.Remove(name.(string))
		return true
	})
}

// commit flushes the file to the disk and gives it its name.
func (f *newFile) commit() error {
	err := f.Sync()
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), f.path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	unfinished.Delete(f.Name())
	return err
}

// discard removes an uncommitted file; after commit it does nothing.
func (f *newFile) discard() {
	if f.Close() == nil {
		os.Remove(f.Name())
		unfinished.Delete(f.Name())
	}
}

// interruptible is a writer that fails once its context has ended, so that
// writing something large stops soon.
type interruptible struct {
	ctx context.Context
	io.Writer
}

func (w interruptible) Write(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.Writer.Write(p)
}
