package store

import (
	"context"
	"errors"
	"fmt"
)

// Errors that a caller may want to tell apart. What a function returns wraps
// one of them and says which file, document or field it is about.
var (
	ErrModel    = errors.New("another model's index")
	ErrSchema   = errors.New("not a store of this version")
	ErrLocked   = errors.New("another process is writing")
	ErrCorrupt  = errors.New("damaged file")
	ErrFull     = errors.New("no room left on the disk")
	ErrReadOnly = errors.New("read-only")
	ErrNotFound = errors.New("not found")
	ErrExists   = errors.New("exists already")
	ErrClosed   = errors.New("store is closed")
)

// SQLite's primary result codes, https://sqlite.org/rescode.html.
const (
	codeError    = 1
	codeBusy     = 5
	codeLocked   = 6
	codeReadOnly = 8
	codeIOError  = 10
	codeCorrupt  = 11
	codeFull     = 13
	codeCantOpen = 14
	codeNotADB   = 26
)

// sqlFailure says what SQLite was doing to which file when it failed, and
// puts the failure into one of the classes above where it belongs to one.
func (s *Store) sqlFailure(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("store: %s: %s: %w", s.path, doing, cause)
	}
	var class error
	code := resultCode(err)
	if code&0xff == codeIOError && diskFull(s.path) {
		code = codeFull
	}
	switch code & 0xff {
	case codeBusy, codeLocked:
		class = ErrLocked
	case codeReadOnly:
		class = ErrReadOnly
	case codeCorrupt, codeNotADB:
		class = ErrCorrupt
	case codeFull:
		class = ErrFull
	}
	if class != nil && !errors.Is(err, class) {
		return fmt.Errorf("store: %s: %s: %w (%w)", s.path, doing, class, err)
	}
	return fmt.Errorf("store: %s: %s: %w", s.path, doing, err)
}

// corrupt is an error about contents that no version of this package writes.
func (s *Store) corrupt(format string, args ...any) error {
	return fmt.Errorf("store: %s: %w: %s", s.path, ErrCorrupt, fmt.Sprintf(format, args...))
}
