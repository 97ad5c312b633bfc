//go:build js && sqlite_js

package store

import (
	"os"

	"github.com/toller-search/toller/store/sqlitejs"
)

// fileSize is how many bytes the file at path has; [os.ErrNotExist] if there is
// none. SQLite's files aren't those of package os here.
func fileSize(path string) (int64, error) {
	size, err := sqlitejs.Size(path)
	if err == nil && size < 0 {
		err = os.ErrNotExist
	}
	return size, err
}

// folderReadOnly: a page may write all of its files.
func folderReadOnly(string) bool { return false }

// diskFull: the driver tells a full disk from other failures by itself.
func diskFull(string) bool { return false }
