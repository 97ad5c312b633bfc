package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"
)

// connector opens connections to one file and prepares each with the same
// statements, whichever driver the build has.
type connector struct {
	name  string // a file: URI
	setup []string
}

func (c *connector) Driver() driver.Driver { return sqliteDriver }

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := sqliteDriver.Open(c.name)
	if err != nil {
		return nil, err
	}
	if err := extend(conn); err != nil {
		conn.Close()
		return nil, err
	}
	for _, statement := range c.setup {
		if _, err := conn.(driver.ExecerContext).ExecContext(ctx, statement, nil); err != nil {
			conn.Close()
			return nil, err
		}
	}
	return conn, nil
}

// access is how a connection opens the file.
type access string

const (
	readWrite access = "rwc"
	readOnly  access = "ro"
	// immutable reads a file in a folder where not even SQLite's lock files can
	// be made; nobody may change the file meanwhile.
	immutable access = "immutable"
)

// connect returns a pool of connections to the file at path, each of which keeps
// that many bytes of pages.
func connect(path string, mode access, busy time.Duration, pages, connections int) (*sql.DB, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", path, err)
	}
	absolute = filepath.ToSlash(absolute)
	if !strings.HasPrefix(absolute, "/") {
		absolute = "/" + absolute // a drive letter
	}
	query := url.Values{"_txlock": {"immediate"}, "_mutex": {"no"}}
	if mode == immutable {
		query.Set("mode", string(readOnly))
		query.Set("immutable", "1")
	} else {
		query.Set("mode", string(mode))
	}
	c := &connector{}
	if !sharing {
		query.Set("nolock", "1")
		// Before anything that reads the file: its write-ahead log needs shared
		// memory otherwise.
		c.setup = append(c.setup, "PRAGMA locking_mode = EXCLUSIVE")
		connections = 1
	}
	c.setup = append(c.setup,
		fmt.Sprintf("PRAGMA busy_timeout = %d", busy.Milliseconds()),
		"PRAGMA trusted_schema = OFF",
		"PRAGMA cell_size_check = ON",
		fmt.Sprintf("PRAGMA cache_size = -%d", max(pages>>10, 1)),
	)
	if mode == readWrite {
		// EXTRA syncs the log at every commit: with NORMAL the last transactions
		// survive a killed process but not a power cut. Unlike FULL it also syncs
		// the folder when the rollback journal goes with which a file is created:
		// if that came back after a power cut, it would undo the creation, and
		// everything since with it. Once there is a log both cost the same.
		c.setup = append(c.setup, "PRAGMA synchronous = EXTRA", fmt.Sprintf("PRAGMA journal_size_limit = %d", logLimit))
	} else {
		query.Del("_txlock")
	}
	c.name = (&url.URL{Scheme: "file", Path: absolute, RawQuery: query.Encode()}).String()

	db := sql.OpenDB(c)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// logLimit is how many bytes the write-ahead log keeps after a checkpoint.
const logLimit = 64 << 20
