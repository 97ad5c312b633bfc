package edge

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/toller-search/toller/edge/internal/tiny"
)

// open opens a checkpoint until the test ends.
func open(tb testing.TB, c tiny.Checkpoint, opts ...Option) *Model {
	tb.Helper()
	m, err := Open(c.Dir(tb), opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { m.Close() })
	return m
}

// openError returns the error that opening a checkpoint must give, with the
// directory's own path cut out.
func openError(tb testing.TB, c tiny.Checkpoint, opts ...Option) string {
	tb.Helper()
	dir := c.Dir(tb)
	m, err := Open(dir, opts...)
	if err == nil {
		m.Close()
		tb.Fatal("expected an error, found none")
	}
	return strings.ReplaceAll(filepath.ToSlash(err.Error()), filepath.ToSlash(filepath.Dir(dir))+"/", "")
}
