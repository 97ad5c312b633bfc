//go:build !cgo || !sqlite_fts5

package filter

import _ "github.com/ncruces/go-sqlite3/driver" // registers "sqlite3"
