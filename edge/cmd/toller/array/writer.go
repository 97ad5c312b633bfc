package array

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"
)

// HeaderSize is how many bytes a [Writer] writes before the first row: fixed,
// with room to spare for any shape, so that rows can be written before their
// number is known.
const HeaderSize = 128

// magic begins a file of format version 1.0.
const magic = "\x93NUMPY\x01\x00"

// A Writer writes an array. Rows are appended as they come; Close writes the
// header with their number.
type Writer struct {
	file   io.WriteSeeker
	header func(rows, dim int) []byte // of HeaderSize bytes
	dim    int
	rows   int
	buf    []byte
}

// NewWriter begins a NumPy array of rows of dim numbers in an empty file.
func NewWriter(file io.WriteSeeker, dim int) (*Writer, error) { return newWriter(file, header, dim) }

// NewTensorWriter begins a safetensors file with an array of rows of dim numbers in
// an empty file.
func NewTensorWriter(file io.WriteSeeker, dim int) (*Writer, error) {
	return newWriter(file, tensorHeader, dim)
}

func newWriter(file io.WriteSeeker, header func(rows, dim int) []byte, dim int) (*Writer, error) {
	if dim < 1 {
		return nil, fmt.Errorf("an array of rows of %d numbers, expected 1 or more", dim)
	}
	if _, err := file.Seek(HeaderSize, io.SeekStart); err != nil {
		return nil, err
	}
	return &Writer{file: file, header: header, dim: dim}, nil
}

// Append writes vectors [n, dim] behind the rows there are.
func (w *Writer) Append(vectors []float32) error {
	if len(vectors)%w.dim != 0 {
		return fmt.Errorf("%d numbers, expected rows of %d", len(vectors), w.dim)
	}
	w.buf = w.buf[:0]
	for _, v := range vectors {
		w.buf = binary.LittleEndian.AppendUint32(w.buf, math.Float32bits(v))
	}
	w.rows += len(vectors) / w.dim
	_, err := w.file.Write(w.buf)
	return err
}

// Rows is how many rows were appended.
func (w *Writer) Rows() int { return w.rows }

// Close completes the array; the file stays open.
func (w *Writer) Close() error {
	if _, err := w.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := w.file.Write(w.header(w.rows, w.dim))
	return err
}

func header(rows, dim int) []byte {
	description := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", rows, dim)
	length := HeaderSize - len(magic) - 2
	header := []byte(magic)
	header = binary.LittleEndian.AppendUint16(header, uint16(length))
	header = append(header, description...)
	header = append(header, strings.Repeat(" ", length-1-len(description))...)
	return append(header, '\n')
}
