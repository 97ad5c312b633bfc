//go:build cgo && sqlite_fts5

package store

import (
	"database/sql/driver"
	"errors"

	"github.com/mattn/go-sqlite3"
)

// Driver names the SQLite driver of this build.
const Driver = "github.com/mattn/go-sqlite3"

var sqliteDriver driver.Driver = &sqlite3.SQLiteDriver{}

// extend gives a new connection what it needs beyond SQLite's core: here the
// build tag did.
func extend(driver.Conn) error { return nil }

// sharing says whether several connections may open one file here.
const sharing = true

// resultCode is SQLite's extended result code of an error, or -1.
func resultCode(err error) int {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return -1
	}
	if e.ExtendedCode != 0 {
		return int(e.ExtendedCode)
	}
	return int(e.Code)
}
