// Package sqlitejs is a driver for database/sql, for programs that are compiled
// to WebAssembly: SQLite is a WebAssembly module of its own beside the
// program's, and both are joined by JavaScript (wasm/src/sqlite.js). That is a
// fifth of the download of a SQLite inside the program, and faster.
//
// JavaScript puts its side into the global variable tollerSQLite before a
// database is opened, and says there where files lie: in a browser's private
// file system, or on the machine.
//
// Calls don't leave Go's turn of JavaScript's event loop, and can't be
// interrupted: a context ends a query between two batches of rows.
package sqlitejs
