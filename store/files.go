//go:build !(js && sqlite_js)

package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// fileSize is how many bytes the file at path has; [os.ErrNotExist] if there is
// none.
func fileSize(path string) (int64, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return 0, err
	case info.IsDir():
		return 0, fmt.Errorf("%s is a folder, expected a file", path)
	}
	return info.Size(), nil
}

// probePattern names the files by which a folder is tried out.
const probePattern = ".toller-*"

// folderReadOnly finds out whether files can be made beside path. The file
// itself must not be opened for that: closing it again would drop the locks
// that SQLite's connections of this process hold on it.
func folderReadOnly(path string) bool {
	f, err := os.CreateTemp(filepath.Dir(path), probePattern)
	if err != nil {
		return true
	}
	f.Close()
	os.Remove(f.Name())
	return false
}

// diskFull finds out whether there is no room for a little file beside path. A
// driver may call that just an input/output error.
func diskFull(path string) bool {
	f, err := os.CreateTemp(filepath.Dir(path), probePattern)
	if err != nil {
		return errors.Is(err, syscall.ENOSPC)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	_, err = f.Write(make([]byte, 1<<16))
	return errors.Is(err, syscall.ENOSPC)
}
