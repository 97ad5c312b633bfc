//go:build js

package sqlitejs

import (
	"bytes"
	"context"
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"runtime"
	"syscall/js"
)

// stmt is a prepared statement.
type stmt struct {
	*conn
	number     int
	parameters int
	columns    []string
	args       []byte // coded; kept for the next call
}

// describe reads what preparing the statement has found out about it.
func (s *stmt) describe() {
	le := binary.LittleEndian
	head := s.b.read(12)
	s.parameters = int(le.Uint32(head))
	s.columns = make([]string, le.Uint32(head[4:]))
	if len(s.columns) == 0 {
		return
	}
	names := s.b.read(int(le.Uint32(head[8:])))[12:]
	for i := range s.columns {
		name, rest, _ := bytes.Cut(names, []byte{0})
		s.columns[i] = string(name)
		names = rest
	}
}

func (s *stmt) Close() error {
	s.b.finalize.Invoke(s.number)
	return nil
}

func (s *stmt) NumInput() int { return s.parameters }

func (s *stmt) Exec([]driver.Value) (driver.Result, error) { return nil, driver.ErrSkip }

func (s *stmt) Query([]driver.Value) (driver.Rows, error) { return nil, driver.ErrSkip }

func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if err := s.pass(ctx, args); err != nil {
		return nil, err
	}
	n := s.b.run.Invoke(s.db, s.number, len(s.args)).Int()
	if n < 0 {
		return nil, s.b.failure(n)
	}
	out := s.b.read(n)
	return result{
		inserted: int64(binary.LittleEndian.Uint64(out)),
		changed:  int64(binary.LittleEndian.Uint64(out[8:])),
	}, nil
}

func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if err := s.pass(ctx, args); err != nil {
		return nil, err
	}
	if r := s.b.query.Invoke(s.db, s.number, len(s.args)).Int(); r < 0 {
		return nil, s.b.failure(r)
	}
	return &rows{ctx: ctx, stmt: s}, nil
}

// pass hands arguments over to JavaScript.
func (s *stmt) pass(ctx context.Context, args []driver.NamedValue) error {
	runtime.Gosched() // gives timers a chance to end the context
	if err := ctx.Err(); err != nil {
		return err
	}
	s.args = s.args[:0]
	for _, a := range args {
		if a.Name != "" {
			return fmt.Errorf("sqlitejs: argument %s: expected arguments without names", a.Name)
		}
		var err error
		if s.args, err = appendValue(s.args, a.Value); err != nil {
			return fmt.Errorf("sqlitejs: argument %d: %w", a.Ordinal, err)
		}
	}
	if len(s.args) > 0 {
		js.CopyBytesToJS(s.b.input(len(s.args)), s.args)
	}
	return nil
}

// Kinds of values, as SQLite numbers its types.
const (
	kindInteger = iota + 1
	kindFloat
	kindText
	kindBlob
	kindNull
)

// appendValue codes a value: its kind in a byte, and 8 bytes of a number, or 4
// bytes of the length and as many of a text or blob.
func appendValue(to []byte, value driver.Value) ([]byte, error) {
	le := binary.LittleEndian
	switch v := value.(type) {
	case int64:
		return le.AppendUint64(append(to, kindInteger), uint64(v)), nil
	case bool:
		to = le.AppendUint64(append(to, kindInteger), 0)
		if v {
			to[len(to)-8] = 1
		}
		return to, nil
	case float64:
		return le.AppendUint64(append(to, kindFloat), math.Float64bits(v)), nil
	case string:
		if err := fits(len(v)); err != nil {
			return nil, err
		}
		return append(le.AppendUint32(append(to, kindText), uint32(len(v))), v...), nil
	case []byte:
		if v == nil {
			return append(to, kindNull), nil
		}
		if err := fits(len(v)); err != nil {
			return nil, err
		}
		return append(le.AppendUint32(append(to, kindBlob), uint32(len(v))), v...), nil
	case nil:
		return append(to, kindNull), nil
	}
	return nil, fmt.Errorf("expected a number, a text or bytes, found a %T", value)
}

// maxLength is SQLITE_MAX_LENGTH of the build, in bytes.
const maxLength = 1_000_000_000

func fits(n int) error {
	if n > maxLength {
		return fmt.Errorf("expected at most %d bytes, found %d", maxLength, n)
	}
	return nil
}

type result struct{ inserted, changed int64 }

func (r result) LastInsertId() (int64, error) { return r.inserted, nil }
func (r result) RowsAffected() (int64, error) { return r.changed, nil }

// rows is the result of a query, read from JavaScript a batch at a time.
type rows struct {
	ctx context.Context
	*stmt
	batch []byte // that is left
	last  bool   // batch is the last one
}

func (r *rows) Columns() []string { return r.columns }

func (r *rows) Close() error {
	if !r.last {
		r.b.reset.Invoke(r.number)
	}
	r.batch, r.last = nil, true
	return nil
}

// Next reads a row. Bytes among its values are valid until the next call.
func (r *rows) Next(dest []driver.Value) error {
	for len(r.batch) == 0 {
		if r.last {
			return io.EOF
		}
		runtime.Gosched()
		if err := r.ctx.Err(); err != nil {
			return err
		}
		n := r.b.rows.Invoke(r.db, r.number).Int()
		if n < 0 {
			r.last = true
			return r.b.failure(n)
		}
		r.batch = r.b.read(n)
		r.last = r.batch[0] != 0
		r.batch = r.batch[1:]
	}
	for i := range dest {
		kind := r.take(1)[0]
		switch kind {
		case kindInteger:
			dest[i] = int64(binary.LittleEndian.Uint64(r.take(8)))
		case kindFloat:
			dest[i] = math.Float64frombits(binary.LittleEndian.Uint64(r.take(8)))
		case kindText:
			dest[i] = string(r.take(r.length()))
		case kindBlob:
			dest[i] = r.take(r.length())
		default:
			dest[i] = nil
		}
	}
	return nil
}

func (r *rows) length() int { return int(binary.LittleEndian.Uint32(r.take(4))) }

// take cuts n bytes off the batch.
func (r *rows) take(n int) []byte {
	b := r.batch[:n:n]
	r.batch = r.batch[n:]
	return b
}
