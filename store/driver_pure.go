//go:build (!cgo || !sqlite_fts5) && !(js && sqlite_js)

package store

import (
	"database/sql/driver"
	"errors"

	"github.com/ncruces/go-sqlite3"
	ncruces "github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/ext/fts5"
	"github.com/ncruces/go-sqlite3/vfs"
)

// Driver names the SQLite driver of this build.
const Driver = "github.com/ncruces/go-sqlite3"

var sqliteDriver driver.Driver = &ncruces.SQLite{}

// extend gives a new connection what it needs beyond SQLite's core.
func extend(c driver.Conn) error { return fts5.Register(c.(ncruces.Conn).Raw()) }

// sharing says whether several connections may open one file here. Where
// there are no file locks and no shared memory (js/wasm) one connection has
// the file to itself.
const sharing = vfs.SupportsFileLocking && vfs.SupportsSharedMemory

// resultCode is SQLite's extended result code of an error, or -1.
func resultCode(err error) int {
	var e *sqlite3.Error
	if errors.As(err, &e) {
		return int(e.ExtendedCode())
	}
	var extended sqlite3.ExtendedErrorCode
	if errors.As(err, &extended) {
		return int(extended)
	}
	var code sqlite3.ErrorCode
	if errors.As(err, &code) {
		return int(code)
	}
	return -1
}
