package edge

import (
	"context"
	"errors"
	"testing"

	"github.com/toller-search/toller/edge/internal/tiny"
)

// TestAttachRefuses gives the model vectors that can't be a text's.
func TestAttachRefuses(t *testing.T) {
	m := open(t, tiny.New(t))
	const text = "the cat"
	d := encodeOne(t, m, text)
	for _, test := range []struct {
		name     string
		data     []float32
		clusters []uint32
		good     bool
	}{
		{"its own", d.data, nil, true},
		{"too few", d.data[tiny.Dim:], nil, false},
		{"part of a vector", d.data[1:], nil, false},
		{"pooled", d.data[:2*tiny.Dim], []uint32{0, 1, 1, 1, 1, 1, 1}, true},
		{"cluster that isn't there", d.data[:2*tiny.Dim], []uint32{0, 1, 2, 1, 1, 1, 1}, false},
		{"cluster without tokens", d.data[:2*tiny.Dim], []uint32{0, 0, 0, 0, 0, 0, 0}, false},
		{"too few tokens", d.data[:2*tiny.Dim], []uint32{0, 1}, false},
	} {
		got, err := m.Attach(context.Background(), text, test.data, test.clusters)
		if (got != nil) != test.good || !test.good && !errors.Is(err, ErrMismatch) {
			t.Errorf("%s: expected a document: %t, found %v, %v", test.name, test.good, got, err)
		}
	}
}
