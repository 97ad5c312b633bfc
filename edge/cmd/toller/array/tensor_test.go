package array

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTensor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.safetensors")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w, err := NewTensorWriter(file, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, rows := range [][]float32{{1, 2, 3}, {4, 5, 6, 7, 8, 9}} {
		if err := w.Append(rows); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := OpenTensor(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := r.Read(1, 2); err != nil || r.Rows() != 3 || r.Dim() != 3 || !slices.Equal(got, []float32{4, 5, 6, 7, 8, 9}) {
		t.Errorf("%d × %d: %v, %v", r.Rows(), r.Dim(), got, err)
	}
	if _, err := Open(path); err == nil {
		t.Error("it is opened as a NumPy array")
	}
	if n := len(tensorHeader(1<<31-1, 1<<29)); n != HeaderSize {
		t.Errorf("the longest header has %d bytes", n)
	}
}

// tensorFile is a file with this header and 24 bytes of numbers.
func tensorFile(header string) string {
	return string(binary.LittleEndian.AppendUint64(nil, uint64(len(header)))) + header + strings.Repeat("\x00", 24)
}

func TestOpenTensorRefuses(t *testing.T) {
	for _, test := range []struct{ name, file, says string }{
		{"empty", "", "is no safetensors file"},
		{"long header", "\xff\xff\xff\xff\xff\xff\xff\xff", "a header of 18446744073709551615 bytes"},
		{"cut off", "\x50\x00\x00\x00\x00\x00\x00\x00{}", "is cut off"},
		{"no JSON", tensorFile("{"), "found the header"},
		{"none", tensorFile("{}"), "found the header"},
		{"two", tensorFile(`{"vectors":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{}}`), "found the header"},
		{"halves", tensorFile(`{"vectors":{"dtype":"F16","shape":[2,3],"data_offsets":[0,24]}}`), "found the header"},
		{"one dimension", tensorFile(`{"vectors":{"dtype":"F32","shape":[6],"data_offsets":[0,24]}}`), "found the header"},
		{"negative", tensorFile(`{"vectors":{"dtype":"F32","shape":[-2,-3],"data_offsets":[0,24]}}`), "expected -2 × -3"},
		{"more rows than there are", tensorFile(`{"vectors":{"dtype":"F32","shape":[3,3],"data_offsets":[0,36]}}`), "has 24 bytes of numbers"},
		{"another end", tensorFile(`{"vectors":{"dtype":"F32","shape":[2,3],"data_offsets":[0,20]}}`), "up to byte 20, expected 24"},
		{"another begin", tensorFile(`{"vectors":{"dtype":"F32","shape":[2,3],"data_offsets":[4,24]}}`), "found the header"},
	} {
		path := filepath.Join(t.TempDir(), "a")
		if err := os.WriteFile(path, []byte(test.file), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenTensor(path); err == nil || !strings.Contains(err.Error(), test.says) || !strings.HasPrefix(err.Error(), path) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// Whatever a file holds, opening it gives an array that can be read or an error.
func FuzzOpenTensor(f *testing.F) {
	f.Add(append(tensorHeader(2, 3), make([]byte, 24)...))
	f.Add(tensorHeader(0, 3))
	f.Add([]byte(tensorFile(`{"__metadata__":{"a":"b"},"vectors":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "a")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := OpenTensor(path)
		if err != nil {
			return
		}
		defer r.Close()
		if got, err := r.Read(0, r.rows); err != nil || len(got) != r.rows*r.dim {
			t.Errorf("%d × %d: read %d numbers, %v", r.rows, r.dim, len(got), err)
		}
	})
}
