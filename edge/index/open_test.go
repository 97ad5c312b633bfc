package index

import (
	"testing"

	"github.com/toller-search/toller/edge"
	"github.com/toller-search/toller/edge/internal/tiny"
)

// open opens a checkpoint until the test ends.
func open(tb testing.TB, c tiny.Checkpoint, opts ...edge.Option) *edge.Model {
	tb.Helper()
	m, err := edge.Open(c.Dir(tb), opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { m.Close() })
	return m
}
