//go:build js && sqlite_js

package store

import (
	"database/sql/driver"
	"errors"

	"github.com/toller-search/toller/store/sqlitejs"
)

// Driver names the SQLite driver of this build.
const Driver = "@sqlite.org/sqlite-wasm"

var sqliteDriver driver.Driver = sqlitejs.Driver{}

// extend gives a new connection what it needs beyond SQLite's core: here the
// module has it built in.
func extend(driver.Conn) error { return nil }

// sharing says whether several connections may open one file here. A page's
// private files have neither locks nor memory that could be shared, so one
// connection has the file to itself; its write-ahead log works all the same.
const sharing = false

// resultCode is SQLite's extended result code of an error, or -1.
func resultCode(err error) int {
	var e *sqlitejs.Error
	if !errors.As(err, &e) {
		return -1
	}
	return e.Code
}
