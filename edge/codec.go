package edge

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// The binary form of queries and documents, little-endian:
//
//	magic        4 bytes  "tlrQ" or "tlrD"
//	version      uint16   1
//	flags        uint16   1: truncated, 2: pooled
//	model        16 bytes fingerprint
//	dim          uint32
//	vectors      uint32
//	tokens       uint32   equal to vectors unless pooled
//	added        uint32   number of named tokens, then for each:
//	                      int32 id, uint32 length, name
//	data         vectors · dim float32
//	tokens       for each: int32 id, int32 start, int32 end
//	ends         pooled only, for each vector: int32
const (
	magicQuery    = "tlrQ"
	magicDocument = "tlrD"
	codecVersion  = 1

	flagTruncated = 1
	flagPooled    = 2
)

// Bounds on what a model can have, far above any there is.
const (
	maxDim       = 1 << 16
	maxAdded     = 1 << 10
	maxAddedName = 1 << 10
)

// MarshalBinary returns the query's vectors and tokens in a form that
// UnmarshalBinary reads on any machine. The size is about 4·(Dim+3) bytes a
// vector.
func (q *Query) MarshalBinary() ([]byte, error) { return q.marshal(magicQuery), nil }

// UnmarshalBinary replaces q by the query in data. Data that MarshalBinary
// can't have written are an error, and leave q as it was.
func (q *Query) UnmarshalBinary(data []byte) error {
	v, err := unmarshal(magicQuery, data)
	if err != nil {
		return fmt.Errorf("edge: query: %w", err)
	}
	q.vectors = v
	return nil
}

// MarshalBinary returns the document's vectors and tokens in a form that
// UnmarshalBinary reads on any machine. The size is about 4·(Dim+3) bytes a
// vector.
func (d *Document) MarshalBinary() ([]byte, error) { return d.marshal(magicDocument), nil }

// UnmarshalBinary replaces d by the document in data. Data that MarshalBinary
// can't have written are an error, and leave d as it was.
func (d *Document) UnmarshalBinary(data []byte) error {
	v, err := unmarshal(magicDocument, data)
	if err != nil {
		return fmt.Errorf("edge: document: %w", err)
	}
	d.vectors = v
	return nil
}

func (v *vectors) marshal(magic string) []byte {
	le := binary.LittleEndian
	var flags uint16
	if v.truncated {
		flags |= flagTruncated
	}
	if v.ends != nil {
		flags |= flagPooled
	}
	b := make([]byte, 0, 64+16*len(v.added)+4*len(v.data)+12*len(v.tokens)+4*len(v.ends))
	b = append(b, magic...)
	b = le.AppendUint16(b, codecVersion)
	b = le.AppendUint16(b, flags)
	b = append(b, v.model[:]...)
	for _, n := range []int{v.dim, v.Len(), len(v.tokens), len(v.added)} {
		b = le.AppendUint32(b, uint32(n))
	}
	for _, a := range v.added {
		b = le.AppendUint32(b, uint32(a.id))
		b = le.AppendUint32(b, uint32(len(a.name)))
		b = append(b, a.name...)
	}
	for _, x := range v.data {
		b = le.AppendUint32(b, math.Float32bits(x))
	}
	for _, t := range v.tokens {
		b = le.AppendUint32(b, uint32(t.id))
		b = le.AppendUint32(b, uint32(t.start))
		b = le.AppendUint32(b, uint32(t.end))
	}
	for _, end := range v.ends {
		b = le.AppendUint32(b, uint32(end))
	}
	return b
}

// unmarshal allocates no more than a small multiple of len(data), whatever the
// counts in it say.
func unmarshal(magic string, data []byte) (vectors, error) {
	r := reader{data: data}
	if got := r.bytes(len(magic)); string(got) != magic {
		return vectors{}, fmt.Errorf("magic: expected %q, found %q", magic, got)
	}
	if version := r.uint16(); version != codecVersion {
		return vectors{}, fmt.Errorf("version: expected %d, found %d", codecVersion, version)
	}
	flags := r.uint16()
	if flags&^(flagTruncated|flagPooled) != 0 {
		return vectors{}, fmt.Errorf("flags: expected no others than %#x, found %#x", flagTruncated|flagPooled, flags)
	}
	v := vectors{truncated: flags&flagTruncated != 0}
	pooled := flags&flagPooled != 0
	copy(v.model[:], r.bytes(len(v.model)))
	dim, count, tokens, added := r.uint32(), r.uint32(), r.uint32(), r.uint32()
	switch {
	case r.short:
		return vectors{}, errTruncated
	case dim > maxDim || dim == 0 && count > 0:
		return vectors{}, fmt.Errorf("dim: expected 1 to %d, found %d", maxDim, dim)
	case !pooled && tokens != count || tokens < count:
		return vectors{}, fmt.Errorf("tokens: expected one a vector, found %d for %d vectors", tokens, count)
	case added > maxAdded:
		return vectors{}, fmt.Errorf("added tokens: expected at most %d, found %d", maxAdded, added)
	}
	v.dim = int(dim)
	for range added {
		id, length := r.int32(), r.uint32()
		if length > maxAddedName {
			return vectors{}, fmt.Errorf("name of an added token: expected at most %d bytes, found %d", maxAddedName, length)
		}
		v.added = append(v.added, addedToken{id, string(r.bytes(int(length)))})
	}
	size := 4*uint64(count)*uint64(dim) + 12*uint64(tokens)
	if pooled {
		size += 4 * uint64(count)
	}
	if r.short || uint64(len(r.data)) < size {
		return vectors{}, errTruncated
	}
	if extra := uint64(len(r.data)) - size; extra > 0 {
		return vectors{}, fmt.Errorf("%d bytes after the end", extra)
	}
	v.data = make([]float32, int(count)*v.dim)
	for i := range v.data {
		x := math.Float32frombits(r.uint32())
		if x != x || math.IsInf(float64(x), 0) {
			return vectors{}, fmt.Errorf("vector %d: expected finite components, found %v", i/v.dim, x)
		}
		v.data[i] = x
	}
	v.tokens = make([]tokenRef, tokens)
	for i := range v.tokens {
		t := tokenRef{r.int32(), r.int32(), r.int32()}
		if t.start < 0 || t.end < t.start {
			return vectors{}, fmt.Errorf("token %d: expected a span, found [%d, %d)", i, t.start, t.end)
		}
		v.tokens[i] = t
	}
	if pooled {
		v.ends = make([]int32, count)
		last := int32(0)
		for i := range v.ends {
			if v.ends[i] = r.int32(); v.ends[i] <= last {
				return vectors{}, fmt.Errorf("vector %d: expected at least one token, found none", i)
			}
			last = v.ends[i]
		}
		if int64(last) != int64(tokens) {
			return vectors{}, fmt.Errorf("expected %d tokens among the vectors, found %d", tokens, last)
		}
	}
	return v, nil
}

var errTruncated = errors.New("the data end too early")

// reader takes values off the front of data. Once data are too short, it
// returns zeros and short is set.
type reader struct {
	data  []byte
	short bool
}

func (r *reader) bytes(n int) []byte {
	if n > len(r.data) {
		r.short, r.data = true, nil
		return nil
	}
	b := r.data[:n]
	r.data = r.data[n:]
	return b
}

func (r *reader) uint16() uint16 {
	if b := r.bytes(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *reader) uint32() uint32 {
	if b := r.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) int32() int32 { return int32(r.uint32()) }
