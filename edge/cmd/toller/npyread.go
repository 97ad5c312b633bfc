package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
)

// npyReader reads rows of a NumPy array of float32 [rows, dim] as npyWriter
// writes it.
type npyReader struct {
	file      *os.File
	rows, dim int
	data      int64 // where the first row begins
}

var npyShape = regexp.MustCompile(`^\{'descr': '<f4', 'fortran_order': False, 'shape': \((\d+), (\d+)\), \} *\n$`)

// openNPY opens an array; its rows are read as they are asked for.
func openNPY(path string) (*npyReader, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r := &npyReader{file: file}
	if err := r.header(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	return r, nil
}

var errNoArray = errors.New("is no NumPy array of float32 in two dimensions, format version 1.0 and C order")

// header reads the shape and compares it with the length of the file.
func (r *npyReader) header() error {
	var start [10]byte
	if _, err := r.file.ReadAt(start[:], 0); err != nil || string(start[:8]) != "\x93NUMPY\x01\x00" {
		return errNoArray
	}
	description := make([]byte, binary.LittleEndian.Uint16(start[8:]))
	if _, err := r.file.ReadAt(description, int64(len(start))); err != nil {
		return errNoArray
	}
	r.data = int64(len(start) + len(description))
	shape := npyShape.FindSubmatch(description)
	if shape == nil {
		return errNoArray
	}
	var errs [2]error
	r.rows, errs[0] = strconv.Atoi(string(shape[1]))
	r.dim, errs[1] = strconv.Atoi(string(shape[2]))
	info, err := r.file.Stat()
	if err = errors.Join(errs[0], errs[1], err); err != nil {
		return err
	}
	const most = math.MaxInt32 // of either, so that their product is one of int64
	if r.rows > most || r.dim < 1 || r.dim > most/4 || info.Size()-r.data != 4*int64(r.rows)*int64(r.dim) {
		return fmt.Errorf("has %d bytes of numbers, expected %d × %d of 4 bytes", info.Size()-r.data, r.rows, r.dim)
	}
	return nil
}

// read returns rows [first, first+n), one after the other.
func (r *npyReader) read(first, n int) ([]float32, error) {
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
