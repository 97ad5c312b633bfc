package array

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
)

// A Reader reads rows of an array as a [Writer] writes it.
type Reader struct {
	file      *os.File
	rows, dim int
	data      int64 // where the first row begins
}

// Open opens a NumPy array; its rows are read as they are asked for. Whatever the
// file says of its shape, it has as many bytes.
func Open(path string) (*Reader, error) { return open(path, (*Reader).header) }

// OpenTensor opens the array of a safetensors file, like [Open].
func OpenTensor(path string) (*Reader, error) { return open(path, (*Reader).tensorHeader) }

func open(path string, header func(*Reader) error) (*Reader, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r := &Reader{file: file}
	if err := header(r); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	return r, nil
}

// Name is the path that the array was opened with.
func (r *Reader) Name() string { return r.file.Name() }

// Rows is how many rows there are, Dim how many numbers are in each.
func (r *Reader) Rows() int { return r.rows }

// Dim: see [Reader.Rows].
func (r *Reader) Dim() int { return r.dim }

// Close closes the file.
func (r *Reader) Close() error { return r.file.Close() }

var errNoArray = errors.New("is no NumPy array of float32 in two dimensions, format version 1.0 and C order")

// header reads the shape and compares it with the length of the file.
func (r *Reader) header() error {
	var start [len(magic) + 2]byte
	if _, err := r.file.ReadAt(start[:], 0); err != nil || string(start[:len(magic)]) != magic {
		return errNoArray
	}
	description := make([]byte, binary.LittleEndian.Uint16(start[len(magic):]))
	if _, err := r.file.ReadAt(description, int64(len(start))); err != nil {
		return fmt.Errorf("%w: its header of %d bytes is cut off", errNoArray, len(description))
	}
	r.data = int64(len(start) + len(description))
	var err error
	if r.rows, r.dim, err = shape(description); err != nil {
		return err
	}
	return r.checkSize()
}

// checkSize compares the shape with the length of the file.
func (r *Reader) checkSize() error {
	info, err := r.file.Stat()
	if err != nil {
		return err
	}
	const most = math.MaxInt32 // of either, so that their product is one of int64
	if r.rows < 0 || r.rows > most || r.dim < 1 || r.dim > most/4 || info.Size()-r.data != 4*int64(r.rows)*int64(r.dim) {
		return fmt.Errorf("has %d bytes of numbers, expected %d × %d of 4 bytes", info.Size()-r.data, r.rows, r.dim)
	}
	return nil
}

// description is what NumPy writes into a header, whatever the array.
var description = regexp.MustCompile(`^\{'descr': (.*), 'fortran_order': (True|False), 'shape': (\(.*\)), \} *\n$`)

var twoDimensions = regexp.MustCompile(`^\((\d+), (\d+)\)$`)

// shape reads the description of an array.
func shape(text []byte) (rows, dim int, err error) {
	found := description.FindSubmatch(text)
	if found == nil {
		return 0, 0, fmt.Errorf("%w: found the header %.80q", errNoArray, text)
	}
	sizes := twoDimensions.FindSubmatch(found[3])
	switch {
	case string(found[1]) != "'<f4'":
		return 0, 0, fmt.Errorf("%w: found numbers of type %.40q, expected '<f4'", errNoArray, found[1])
	case string(found[2]) != "False":
		return 0, 0, fmt.Errorf("%w: found Fortran order", errNoArray)
	case sizes == nil:
		return 0, 0, fmt.Errorf("%w: found the shape %.40q", errNoArray, found[3])
	}
	rows, err = strconv.Atoi(string(sizes[1]))
	if err == nil {
		dim, err = strconv.Atoi(string(sizes[2]))
	}
	return rows, dim, err
}

// Read returns rows [first, first+n), one after the other.
func (r *Reader) Read(first, n int) ([]float32, error) {
	if first < 0 || n < 0 || n > r.rows || first > r.rows-n {
		return nil, fmt.Errorf("rows %d to %d of an array of %d", first, first+n, r.rows)
	}
	data := make([]byte, 4*n*r.dim)
	if _, err := r.file.ReadAt(data, r.data+4*int64(first)*int64(r.dim)); err != nil {
		return nil, fmt.Errorf("%s: %w", r.file.Name(), err)
	}
	vectors := make([]float32, n*r.dim)
	for i := range vectors {
		vectors[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return vectors, nil
}
