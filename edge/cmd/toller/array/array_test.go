package array

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// written writes an array in so many pieces as there are slices.
func written(t *testing.T, dim int, pieces ...[]float32) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.npy")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w, err := NewWriter(file, dim)
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, vectors := range pieces {
		if err := w.Append(vectors); err != nil {
			t.Fatal(err)
		}
		if rows += len(vectors) / dim; w.Rows() != rows {
			t.Fatalf("%d rows, want %d", w.Rows(), rows)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRoundTrip(t *testing.T) {
	var pieces [][]float32
	for i := range 5 {
		x := float32(i)
		pieces = append(pieces, []float32{x, -x, x / 3})
	}
	r, err := Open(written(t, 3, pieces...))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Rows() != 5 || r.Dim() != 3 {
		t.Errorf("%d × %d", r.Rows(), r.Dim())
	}
	if got, err := r.Read(1, 2); err != nil || !slices.Equal(got, []float32{1, -1, 1. / 3, 2, -2, 2. / 3}) {
		t.Errorf("read %v, %v", got, err)
	}
	for _, bad := range [][2]int{{-1, 1}, {0, -1}, {5, 1}, {4, 2}, {math.MaxInt/2 + 1, math.MaxInt/2 + 1}} {
		if _, err := r.Read(bad[0], bad[1]); err == nil {
			t.Errorf("rows %v are read", bad)
		}
	}
}

// In whatever pieces rows are written and read, they are the same.
func TestRoundTripRandom(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 50 {
		dim := 1 + rng.IntN(70)
		var all []float32
		var pieces [][]float32
		for range rng.IntN(5) {
			piece := make([]float32, dim*rng.IntN(9))
			for i := range piece {
				piece[i] = float32(rng.NormFloat64())
			}
			pieces, all = append(pieces, piece), append(all, piece...)
		}
		r, err := Open(written(t, dim, pieces...))
		if err != nil {
			t.Fatal(err)
		}
		if r.Rows() != len(all)/dim || r.Dim() != dim {
			t.Fatalf("%d × %d, want %d × %d", r.Rows(), r.Dim(), len(all)/dim, dim)
		}
		for first := 0; first < r.Rows(); {
			n := 1 + rng.IntN(r.Rows()-first)
			if got, err := r.Read(first, n); err != nil || !slices.Equal(got, all[first*dim:][:n*dim]) {
				t.Fatalf("rows %d to %d: %v, %v", first, first+n, got, err)
			}
			first += n
		}
		r.Close()
	}
}

func TestWriterRefuses(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "a.npy"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := NewWriter(file, 0); err == nil {
		t.Error("rows of no numbers are written")
	}
	w, err := NewWriter(file, 3)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append(make([]float32, 4)); err == nil {
		t.Error("a row and a third is written")
	}
}

func TestOpenRefuses(t *testing.T) {
	// made is a file of 24 bytes of numbers with this description.
	made := func(description string) string {
		return magic + string([]byte{byte(len(description) + 1), 0}) + description + "\n" + strings.Repeat("\x00", 24)
	}
	tests := []struct{ name, file, says string }{
		{"empty", "", "is no NumPy array"},
		{"text", strings.Repeat("a,b\n", 100), "is no NumPy array"},
		{"version 2", strings.Replace(string(header(2, 3)), "\x01\x00", "\x02\x00", 1), "is no NumPy array"},
		{"no header", magic + "\xff\xff", "its header of 65535 bytes is cut off"},
		{"no description", made("{}"), `found the header "{}\n"`},
		{"float64", made("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 3), }"), `found numbers of type "'<f8'", expected '<f4'`},
		{"big-endian", made("{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3), }"), `found numbers of type "'>f4'"`},
		{"fields", made("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 3), }"), `found numbers of type "[('a', '<f4')]"`},
		{"columns", made("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }"), "found Fortran order"},
		{"one dimension", made("{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }"), `found the shape "(6,)"`},
		{"three dimensions", made("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 1), }"), `found the shape "(2, 3, 1)"`},
		{"negative", made("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, -3), }"), `found the shape "(-2, -3)"`},
		{"more rows than there are", made("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 3), }"), "has 24 bytes of numbers, expected 3 × 3 of 4 bytes"},
		{"no components", made("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 0), }"), "expected 2 × 0"},
		{"no number", made("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 99999999999999999999), }"), "out of range"},
		{"a product that overflows", made("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }"), "expected 4294967296 × 4294967296"},
		{"one that is right modulo 2^64", made("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387906, 3), }"), "has 24 bytes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.npy")
			if err := os.WriteFile(path, []byte(test.file), 0o644); err != nil {
				t.Fatal(err)
			}
			r, err := Open(path)
			if err == nil {
				r.Close()
				t.Fatal("it is opened")
			}
			if !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), test.says) {
				t.Errorf("said %v", err)
			}
		})
	}
}

// Whatever a file holds, opening it gives an array that can be read or an error.
func FuzzOpen(f *testing.F) {
	f.Add(append(header(2, 3), make([]byte, 24)...))
	f.Add(header(0, 3))
	f.Add([]byte("\x93NUMPY\x01\x00\xff\xff{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "a.npy")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := Open(path)
		if err != nil {
			return
		}
		defer r.Close()
		if got, err := r.Read(0, r.rows); err != nil || len(got) != r.rows*r.dim {
			t.Errorf("%d × %d: read %d numbers, %v", r.rows, r.dim, len(got), err)
		}
	})
}
