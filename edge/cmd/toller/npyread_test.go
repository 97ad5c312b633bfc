package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestNPYRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npy")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := newNPYWriter(file, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		x := float32(i)
		if err := w.append([]float32{x, -x, x / 3}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.close(); err != nil {
		t.Fatal(err)
	}
	file.Close()
	r, err := openNPY(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.file.Close()
	if r.rows != 5 || r.dim != 3 {
		t.Errorf("%d × %d", r.rows, r.dim)
	}
	if got, err := r.read(1, 2); err != nil || !slices.Equal(got, []float32{1, -1, 1. / 3, 2, -2, 2. / 3}) {
		t.Errorf("read %v, %v", got, err)
	}
	for _, bad := range [][2]int{{-1, 1}, {0, -1}, {5, 1}, {4, 2}, {math.MaxInt/2 + 1, math.MaxInt/2 + 1}} {
		if _, err := r.read(bad[0], bad[1]); err == nil {
			t.Errorf("rows %v are read", bad)
		}
	}
}

// Whatever a file holds, opening it gives an array that can be read or an error.
func FuzzOpenNPY(f *testing.F) {
	f.Add(append(npyHeader(2, 3), make([]byte, 24)...))
	f.Add(npyHeader(0, 3))
	f.Add([]byte("\x93NUMPY\x01\x00\xff\xff{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "a.npy")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := openNPY(path)
		if err != nil {
			return
		}
		defer r.file.Close()
		if got, err := r.read(0, r.rows); err != nil || len(got) != r.rows*r.dim {
			t.Errorf("%d × %d: read %d numbers, %v", r.rows, r.dim, len(got), err)
		}
	})
}
