package codec

import (
	"fmt"
	"math"

	"github.com/toller-search/toller/infer/simd"
)

// along is how much more the error along a vector weighs than the error across
// it when its code is chosen. Of 0, 1, 4, 16 and 64 the middle one ranks best:
// with less the scores of good matches come out too low, by how much depending
// on the vector, and with more everything else suffers.
const along = 4

func (c *Codec) encodeResidual(code []byte, vectors []float32) {
	n := len(vectors) / c.dim
	ids := make([]uint16, n)
	c.book.Assign(ids, vectors)
	packIDs(code, ids, c.idBits)

	b := c.book.bucketsOf(c.kind)
	width := c.kind.Bits()
	bytes := code[c.idBytes(n):][:n]
	rows, size := c.residualRows(code, n)
	codes, errors := make([]uint8, c.dim), make([]float32, c.dim)
	for i, id := range ids {
		centroid := c.book.centroids[int(id)*c.dim:][:c.dim]
		x := vectors[i*c.dim:][:c.dim]
		bytes[i] = scaleByte(x, centroid)
		if bytes[i] == 0 {
			continue // x is the centroid, whatever the codes
		}
		b.choose(codes, errors, x, centroid, scales[bytes[i]])
		row := rows[i*size:][:size]
		for j, q := range codes {
			row[j*width/8] |= q << (j * width % 8)
		}
	}
}

// residualRows is the part of a code of n vectors that has the codes of their
// components, so many bytes each.
func (c *Codec) residualRows(code []byte, n int) (rows []byte, size int) {
	return code[c.idBytes(n)+n:], c.rowBytes - 1
}

// choose finds the code of x. It rounds each component of (x − centroid) / scale
// to the nearest bucket, then goes through the components once and moves one to
// the neighbouring bucket where that lowers
//
//	|e|² + along · (e·x)²,  e = (x − decoded) / scale
//
// A second pass changes next to nothing. errors is a buffer for e.
func (b *buckets) choose(codes []uint8, errors, x, centroid []float32, scale float32) {
	inverse := 1 / scale
	codes, errors, centroid = codes[:len(x)], errors[:len(x)], centroid[:len(x)]
	var lengthwise float32 // e·x
	for j, v := range x {
		r := (v - centroid[j]) * inverse
		codes[j] = b.nearest(r)
		errors[j] = r - b.weights[codes[j]]
		lengthwise += errors[j] * v
	}
	for j, v := range x {
		// Only a step in the direction of v's share in e·x can help. The sign
		// is an index and not a branch, which would be mispredicted half of
		// the time.
		share := lengthwise * v
		down := math.Float32bits(share) >> 31
		step := b.steps[down][codes[j]]
		if step*step*(1+along*v*v) < 2*step*(errors[j]+along*share) {
			codes[j] += uint8(1 - 2*down)
			lengthwise -= step * v
		}
	}
}

// packIDs writes ids of that many bits each to the front of code.
func packIDs(code []byte, ids []uint16, bits int) {
	var pending uint64
	var held, at int
	for _, id := range ids {
		pending |= uint64(id) << held
		held += bits
		for held >= 8 {
			code[at] = byte(pending)
			at++
			pending >>= 8
			held -= 8
		}
	}
	if held > 0 {
		code[at] = byte(pending)
	}
}

// unpackIDs is the inverse of packIDs. What is left of the last byte is
// returned.
func unpackIDs(ids []uint16, code []byte, bits int) (padding byte) {
	var pending uint32
	var held, at int
	mask := uint32(1)<<bits - 1
	for i := range ids {
		for held < bits {
			pending |= uint32(code[at]) << held
			at++
			held += 8
		}
		ids[i] = uint16(pending & mask)
		pending >>= bits
		held -= bits
	}
	return byte(pending)
}

// checkResidual reads the ids of a code of len(ids) vectors and checks them
// and all padding.
func (c *Codec) checkResidual(code []byte, ids []uint16) error {
	if padding := unpackIDs(ids, code, c.idBits); padding != 0 {
		return fmt.Errorf("expected zeros after the centroids, found %#x", padding)
	}
	if count := c.book.Len(); count < 1<<c.idBits {
		for i, id := range ids {
			if int(id) >= count {
				return fmt.Errorf("vector %d: expected one of %d centroids, found %d", i, count, id)
			}
		}
	}
	if used := c.dim * c.kind.Bits() % 8; used != 0 {
		rows, size := c.residualRows(code, len(ids))
		for i := range ids {
			if last := rows[(i+1)*size-1]; last>>used != 0 {
				return fmt.Errorf("vector %d: expected zeros after the last component, found %#x", i, last>>used)
			}
		}
	}
	return nil
}

func (c *Codec) decodeResidual(dst []float32, code []byte, first, rows, n int, s *Scratch) {
	s.scales = grow(s.scales, rows)
	for i, b := range code[c.idBytes(n)+first:][:rows] {
		s.scales[i] = scales[b]
	}
	codes, size := c.residualRows(code, n)
	simd.DecodeResidual(dst, codes[first*size:], c.kind.Bits(), c.book.bucketsOf(c.kind).weights, s.scales, c.book.centroids, s.ids[first:first+rows], c.dim)
}
