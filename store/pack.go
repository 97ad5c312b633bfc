package store

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"unicode/utf8"
)

// A packed text is one byte that says how it is stored, and the bytes. A
// deflated text is preceded by its length.
const (
	textPlain    = 0
	textDeflated = 1
)

var deflaters = sync.Pool{New: func() any {
	w, err := flate.NewWriter(nil, flate.DefaultCompression)
	if err != nil {
		panic(err) // the level is a constant
	}
	return w
}}

// packText deflates a text where that makes it smaller.
func packText(text string) ([]byte, error) {
	packed := bytes.NewBuffer(make([]byte, 0, len(text)/2+16))
	packed.WriteByte(textDeflated)
	packed.Write(binary.AppendUvarint(nil, uint64(len(text))))
	w := deflaters.Get().(*flate.Writer)
	defer deflaters.Put(w)
	w.Reset(packed)
	if _, err := io.WriteString(w, text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if packed.Len() <= len(text) {
		return packed.Bytes(), nil
	}
	return append([]byte{textPlain}, text...), nil
}

// unpackText undoes packText. It inflates no more than the stated length.
func unpackText(packed []byte) (string, error) {
	if len(packed) == 0 {
		return "", errors.New("text without its first byte")
	}
	switch packed[0] {
	case textPlain:
		return checkedText(packed[1:])
	case textDeflated:
		n, used := binary.Uvarint(packed[1:])
		if used <= 0 || n > maxText {
			return "", errors.New("deflated text without a valid length")
		}
		// The buffer grows with what is really there: the length may be a lie.
		var text bytes.Buffer
		r := flate.NewReader(bytes.NewReader(packed[1+used:]))
		if _, err := io.Copy(&text, io.LimitReader(r, int64(n)+1)); err != nil {
			return "", fmt.Errorf("deflated text: %w", err)
		}
		if text.Len() != int(n) {
			return "", fmt.Errorf("deflated text doesn't have the stated %d bytes", n)
		}
		return checkedText(text.Bytes())
	}
	return "", fmt.Errorf("text stored in unknown way %d", packed[0])
}

func checkedText(text []byte) (string, error) {
	if !utf8.Valid(text) {
		return "", errors.New("text is not valid UTF-8")
	}
	return string(text), nil
}

// packClusters stores the clusters of a pooled passage as differences from one
// kept token to the next.
func packClusters(clusters []uint32) []byte {
	if clusters == nil {
		return nil
	}
	packed := make([]byte, 0, len(clusters)+1)
	last := int64(0)
	for _, c := range clusters {
		packed = binary.AppendVarint(packed, int64(c)-last)
		last = int64(c)
	}
	return packed
}

// unpackClusters undoes packClusters for a passage of n vectors.
func unpackClusters(packed []byte, n int) ([]uint32, error) {
	if packed == nil {
		return nil, nil
	}
	clusters := make([]uint32, 0, len(packed))
	last := int64(0)
	for len(packed) > 0 {
		difference, used := binary.Varint(packed)
		if used <= 0 {
			return nil, errors.New("clusters end within a number")
		}
		packed = packed[used:]
		last += difference
		if last < 0 || last >= int64(n) {
			return nil, fmt.Errorf("kept token %d belongs to vector %d of %d", len(clusters), last, n)
		}
		clusters = append(clusters, uint32(last))
	}
	return clusters, nil
}

// distinct sorts cells and removes what is there twice, in place.
func distinct(cells []uint16) []uint16 {
	slices.Sort(cells)
	return slices.Compact(cells)
}

// packCells stores distinct ascending cells as differences.
func packCells(cells []uint16) []byte {
	packed := make([]byte, 0, len(cells)*3/2)
	last := -1
	for _, c := range cells {
		packed = binary.AppendUvarint(packed, uint64(int(c)-last-1))
		last = int(c)
	}
	return packed
}

// unpackCells undoes packCells for an index of n cells.
func unpackCells(packed []byte, n int) ([]uint16, error) {
	cells := make([]uint16, 0, len(packed))
	last := -1
	for len(packed) > 0 {
		gap, used := binary.Uvarint(packed)
		if used <= 0 || gap >= uint64(n-last-1) {
			return nil, fmt.Errorf("cells leave the %d that there are", n)
		}
		packed = packed[used:]
		last += int(gap) + 1
		cells = append(cells, uint16(last))
	}
	return cells, nil
}
