//go:build js

package sqlitejs

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"syscall/js"
)

// Driver opens databases by file: URIs, of which it knows the parameters mode
// (ro, rwc) and _txlock (immediate), or file::memory:.
type Driver struct{}

// Flags of sqlite3_open_v2.
const (
	openReadOnly       = 0x1
	openReadWrite      = 0x2
	openCreate         = 0x4
	openExtendedResult = 0x02000000
)

// Open returns a connection. A database can have one.
func (Driver) Open(name string) (driver.Conn, error) {
	b, err := bound()
	if err != nil {
		return nil, err
	}
	if name == "file::memory:" {
		return b.open(":memory:", openReadWrite, "BEGIN")
	}
	u, err := url.Parse(name)
	if err != nil || u.Scheme != "file" {
		return nil, fmt.Errorf("sqlitejs: %s: expected a file: URI", name)
	}
	flags, begin := openReadWrite|openCreate, "BEGIN"
	if u.Query().Get("mode") == "ro" {
		flags = openReadOnly
	}
	if u.Query().Get("_txlock") == "immediate" {
		begin = "BEGIN IMMEDIATE"
	}
	return b.open(u.Path, flags, begin)
}

// Size is how many bytes the file at path has, -1 if there is none.
func Size(path string) (int64, error) {
	b, err := bound()
	if err != nil {
		return 0, err
	}
	n := b.size.Invoke(path).Float()
	if n < -1 {
		return 0, b.failure(int(n))
	}
	return int64(n), nil
}

func (b *bindings) open(path string, flags int, begin string) (driver.Conn, error) {
	db := b.openDatabase.Invoke(path, flags|openExtendedResult).Int()
	if db < 0 {
		return nil, b.failure(db)
	}
	return &conn{b: b, db: db, begin: begin}, nil
}

// conn is a connection to a database.
type conn struct {
	b     *bindings
	db    int
	begin string
}

func (c *conn) Close() error {
	if r := c.b.close.Invoke(c.db).Int(); r < 0 {
		return c.b.failure(r)
	}
	return nil
}

func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	js.CopyBytesToJS(c.b.input(len(query)), []byte(query))
	s := &stmt{conn: c, number: c.b.prepare.Invoke(c.db, len(query)).Int()}
	if s.number < 0 {
		return nil, c.b.failure(s.number)
	}
	s.describe()
	return s, nil
}

// ExecContext runs one statement.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return s.(*stmt).ExecContext(ctx, args)
}

func (c *conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

func (c *conn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if o.Isolation != 0 {
		return nil, errors.New("sqlitejs: expected the default isolation, which is serializable")
	}
	begin := c.begin
	if o.ReadOnly {
		begin = "BEGIN"
	}
	if _, err := c.ExecContext(ctx, begin, nil); err != nil {
		return nil, err
	}
	return tx{c}, nil
}

type tx struct{ *conn }

func (t tx) Commit() error {
	_, err := t.ExecContext(context.Background(), "COMMIT", nil)
	if err != nil {
		return errors.Join(err, t.rollback())
	}
	return nil
}

func (t tx) Rollback() error { return t.rollback() }

// rollback ends a transaction, unless SQLite has ended it by itself, as it does
// when the disk is full.
func (c *conn) rollback() error {
	if c.b.idle.Invoke(c.db).Bool() {
		return nil
	}
	_, err := c.ExecContext(context.Background(), "ROLLBACK", nil)
	return err
}
