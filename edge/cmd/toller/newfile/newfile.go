package newfile

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
)

// A File gets its name only when it is complete: it is written under a temporary
// name in the same folder and renamed by Commit.
type File struct {
	*os.File
	path string
}

// Create begins the file that will be at path. An existing one is refused
// unless force is set.
func Create(path string, force bool) (*File, error) {
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
	return &File{file, path}, nil
}

// unfinished holds the names of temporary files. A command removes its own;
// one that is cut off in the middle of a long system call can't.
var unfinished sync.Map

// RemoveUnfinished removes the files that were neither committed nor discarded, and
// temporary folders. It is for the end of an interrupted process.
func RemoveUnfinished() {
	unfinished.Range(func(name, _ any) bool {
		os.RemoveAll(name.(string))
		return true
	})
}

// TemporaryFolder makes a folder for what isn't kept, and returns a function that
// removes it.
func TemporaryFolder() (path string, remove func() error, err error) {
	path, err = os.MkdirTemp("", "toller")
	if err != nil {
		return "", nil, err
	}
	unfinished.Store(path, true)
	return path, func() error {
		unfinished.Delete(path)
		return os.RemoveAll(path)
	}, nil
}

// Commit flushes the file to the disk and gives it its name.
func (f *File) Commit() error {
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

// Discard removes an uncommitted file; after Commit it does nothing.
func (f *File) Discard() {
	if f.Close() == nil {
		os.Remove(f.Name())
		unfinished.Delete(f.Name())
	}
}
