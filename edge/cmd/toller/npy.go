package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"
)

// npyHeaderSize is fixed, with room to spare for any shape, so that rows can
// be written before their number is known.
const npyHeaderSize = 128

// npyWriter writes a NumPy array of float32 [rows, dim], little-endian and in
// C order, in format version 1.0
// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
// Rows are appended as they come; close writes the header with their number.
type npyWriter struct {
	file io.WriteSeeker
	dim  int
	rows int
	buf  []byte
}

func newNPYWriter(file io.WriteSeeker, dim int) (*npyWriter, error) {
	if _, err := file.Seek(npyHeaderSize, io.SeekStart); err != nil {
		return nil, err
	}
	return &npyWriter{file: file, dim: dim}, nil
}

// append writes vectors [n, dim] behind the rows there are.
func (w *npyWriter) append(vectors []float32) error {
	w.buf = w.buf[:0]
	for _, v := range vectors {
		w.buf = binary.LittleEndian.AppendUint32(w.buf, math.Float32bits(v))
	}
	w.rows += len(vectors) / w.dim
	_, err := w.file.Write(w.buf)
	return err
}

// close completes the array; the file stays open.
func (w *npyWriter) close() error {
	if _, err := w.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := w.file.Write(npyHeader(w.rows, w.dim))
	return err
}

func npyHeader(rows, dim int) []byte {
	const magic = "\x93NUMPY\x01\x00"
	description := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", rows, dim)
	length := npyHeaderSize - len(magic) - 2
	header := []byte(magic)
	header = binary.LittleEndian.AppendUint16(header, uint16(length))
	header = append(header, description...)
	header = append(header, strings.Repeat(" ", length-1-len(description))...)
	return append(header, '\n')
}
