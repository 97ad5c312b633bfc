//go:build cgo && sqlite_fts5

package filter

import _ "github.com/mattn/go-sqlite3" // registers "sqlite3"
