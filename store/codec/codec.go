package codec

import (
	"fmt"
	"math"
	"math/bits"
)

const (
	maxDim = 1 << 16

	// maxComponent bounds what can be stored, whatever the kind: the largest
	// number of binary16. Components of unit vectors are far below.
	maxComponent = 65504
)

// A Codec encodes the vectors of a passage as one string of bytes, without
// header or separators, little-endian:
//
//	fp32, fp16  n rows of dim numbers
//	int8        n scales, float32, then n rows of dim signed bytes
//	residual    n centroid ids of ⌈log2 centroids⌉ bits, least significant
//	            first, filled up to a whole byte with zeros; then n scales
//	            of one byte; then n rows of ⌈dim·bits/8⌉ bytes, the code of
//	            component j in bits [j·bits, (j+1)·bits), unused bits 0
//
// The number n follows from the length. Without vectors the code is empty.
type Codec struct {
	kind Kind
	dim  int
	book *Codebook // residual kinds only

	rowBytes int // bytes a vector takes beside its id
	idBits   int // bits of a centroid's id
}

// New returns the codec of that kind for vectors of dim components. The
// residual kinds need a codebook of that dim; the others expect nil.
func New(kind Kind, dim int, book *Codebook) (*Codec, error) {
	if int(kind) >= len(kindNames) {
		return nil, fmt.Errorf("codec: expected a known kind, found %v", kind)
	}
	if dim < 1 || dim > maxDim {
		return nil, fmt.Errorf("codec: dimensions: expected 1 to %d, found %d", maxDim, dim)
	}
	c := &Codec{kind: kind, dim: dim, book: book}
	switch {
	case kind.Trained() && book == nil:
		return nil, fmt.Errorf("codec: %v: expected a codebook, found none", kind)
	case kind.Trained() && book.dim != dim:
		return nil, fmt.Errorf("codec: %v: expected a codebook of %d dimensions, found %d", kind, dim, book.dim)
	case kind.Trained():
		c.rowBytes = 1 + (dim*kind.Bits()+7)/8
		c.idBits = bits.Len(uint(book.Len() - 1))
	case book != nil:
		return nil, fmt.Errorf("codec: %v: expected no codebook, found one", kind)
	case kind == Int8:
		c.rowBytes = scaleBytes + dim
	default:
		c.rowBytes = dim * kind.Bits() / 8
	}
	return c, nil
}

// Kind is the form of c's codes.
func (c *Codec) Kind() Kind { return c.kind }

// Dim is the number of components of a vector.
func (c *Codec) Dim() int { return c.dim }

// Encode returns the code of vectors [n, dim]. A component that is not a
// finite number, or beyond ±65504, is an error.
func (c *Codec) Encode(vectors []float32) ([]byte, error) {
	if len(vectors)%c.dim != 0 {
		return nil, fmt.Errorf("codec: expected vectors of %d components, found %d components in all", c.dim, len(vectors))
	}
	if i, ok := allStorable(vectors); !ok {
		return nil, fmt.Errorf("codec: vector %d: component %d: expected a number of at most %d, found %v", i/c.dim, i%c.dim, maxComponent, vectors[i])
	}
	code := make([]byte, c.size(len(vectors)/c.dim))
	switch c.kind {
	case FP32:
		encodeFP32(code, vectors)
	case FP16:
		encodeFP16(code, vectors)
	case Int8:
		encodeInt8(code, vectors, c.dim)
	default:
		c.encodeResidual(code, vectors)
	}
	return code, nil
}

// allStorable looks for the first component that can't be stored.
func allStorable(x []float32) (at int, ok bool) {
	for i, v := range x {
		if !(v >= -maxComponent && v <= maxComponent) {
			return i, false
		}
	}
	return 0, true
}

// size is the length of the code of n vectors.
func (c *Codec) size(n int) int { return c.idBytes(n) + n*c.rowBytes }

// idBytes is the length of n packed centroid ids.
func (c *Codec) idBytes(n int) int { return (n*c.idBits + 7) / 8 }

// Count checks a code and returns the number of its vectors. Codes that no
// vectors have are an error: lengths that don't fit, centroids that there are
// not, numbers that are not finite or beyond ±65504, padding that isn't 0.
func (c *Codec) Count(code []byte) (int, error) { return c.check(code, new(Scratch)) }

// check is Count, and leaves the centroid ids of residual codes in s.ids.
func (c *Codec) check(code []byte, s *Scratch) (int, error) {
	n := len(code) / c.rowBytes
	if c.idBits > 0 {
		n = int(uint64(len(code)) * 8 / uint64(8*c.rowBytes+c.idBits))
	}
	if c.size(n) != len(code) {
		return 0, fmt.Errorf("codec: %v of %d dimensions: expected a code of %d or %d bytes, found %d", c.kind, c.dim, c.size(n), c.size(n+1), len(code))
	}
	var err error
	switch c.kind {
	case FP32:
		err = checkFP32(code, c.dim)
	case FP16:
		err = checkFP16(code, c.dim)
	case Int8:
		err = checkInt8(code, n)
	default:
		s.ids = grow(s.ids, n)
		err = c.checkResidual(code, s.ids)
	}
	if err != nil {
		return 0, fmt.Errorf("codec: %v: %w", c.kind, err)
	}
	return n, nil
}

// Decode appends the vectors [n, dim] of a code to dst.
func (c *Codec) Decode(dst []float32, code []byte) ([]float32, error) {
	var s Scratch
	n, err := c.check(code, &s)
	if err != nil {
		return dst, err
	}
	at := len(dst)
	dst = append(dst, make([]float32, n*c.dim)...)
	c.decode(dst[at:], code, 0, n, n, &s)
	return dst, nil
}

// decode writes the vectors from first on, rows of them, of a code of n
// vectors that has gone through check with s.
func (c *Codec) decode(dst []float32, code []byte, first, rows, n int, s *Scratch) {
	switch c.kind {
	case FP32:
		decodeFP32(dst[:rows*c.dim], code[4*first*c.dim:])
	case FP16:
		decodeFP16(dst[:rows*c.dim], code[2*first*c.dim:])
	case Int8:
		decodeInt8(dst, code, first, rows, n, c.dim, s)
	default:
		c.decodeResidual(dst, code, first, rows, n, s)
	}
}

// Cells returns the centroid of each vector of a residual code. It is nil for
// the other kinds, and for what Count finds an error in.
func (c *Codec) Cells(code []byte) []uint16 {
	if !c.kind.Trained() {
		return nil
	}
	var s Scratch
	if _, err := c.check(code, &s); err != nil {
		return nil
	}
	return s.ids
}

var negativeInfinity = float32(math.Inf(-1))
