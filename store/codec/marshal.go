package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// The binary forms, little-endian:
//
//	codebook    "tlcb", version, dim, cells, centroids of each cell,
//	            centroids, weights for 4, 2 and 1 bits and residuals of scale 1
//	projection  "tlpj", version, from, to, rows
//
// All integers are uint32, all other numbers float32.
const (
	magicCodebook   = "tlcb"
	magicProjection = "tlpj"

	versionCodebook   = 2 // 1 had weights for residuals without a scale
	versionProjection = 1
)

// maxWeight is more than any component of a residual over its scale: √maxDim,
// but for the scale's rounding. With it all that can be decoded can be stored.
const maxWeight = 512

// longest is how long the rows of a codebook and of a projection may be:
// rounded unit vectors.
const longest = 1.001

// MarshalBinary returns the codebook in the form that ParseCodebook reads.
func (b *Codebook) MarshalBinary() ([]byte, error) {
	w := writer(magicCodebook)
	w.integers(versionCodebook, b.dim, len(b.members))
	for k := range b.members {
		w.integers(int(b.cells[k+1] - b.cells[k]))
	}
	w.numbers(b.centroids)
	for i := range b.buckets {
		w.numbers(b.buckets[i].weights)
	}
	return w, nil
}

// ParseCodebook reads what MarshalBinary wrote. Bytes that it can't have
// written are an error.
func ParseCodebook(data []byte) (*Codebook, error) {
	b, err := parseCodebook(reader{data: data})
	if err != nil {
		return nil, fmt.Errorf("codec: codebook: %w", err)
	}
	return b, nil
}

func parseCodebook(r reader) (*Codebook, error) {
	if err := r.header(magicCodebook, versionCodebook); err != nil {
		return nil, err
	}
	dim, cells := r.integer(), r.integer()
	if dim < 1 || dim > maxDim {
		return nil, fmt.Errorf("dimensions: expected 1 to %d, found %d", maxDim, dim)
	}
	if cells < 1 || cells > maxCells {
		return nil, fmt.Errorf("cells: expected 1 to %d, found %d", maxCells, cells)
	}
	if r.left() < 4*cells {
		return nil, errShort
	}
	starts := make([]int32, cells+1)
	for k := range cells {
		size := r.integer()
		if size < 1 || size > MaxCentroids-int64(starts[k]) {
			return nil, fmt.Errorf("cell %d: expected 1 to %d centroids, found %d", k, MaxCentroids-starts[k], size)
		}
		starts[k+1] = starts[k] + int32(size)
	}
	count := int64(starts[cells])
	numbers := count * dim
	for _, kind := range bucketKinds {
		numbers += 1 << kind.Bits()
	}
	if err := r.end(numbers); err != nil {
		return nil, err
	}
	centroids, err := r.rows(count, dim)
	if err != nil {
		return nil, fmt.Errorf("centroid %w", err)
	}
	var all [len(bucketKinds)]buckets
	for i, kind := range bucketKinds {
		weights := r.numbers(1 << kind.Bits())
		for j, v := range weights {
			if !(v >= -maxWeight && v <= maxWeight) || j > 0 && v < weights[j-1] {
				return nil, fmt.Errorf("weights of %v: expected ascending numbers of at most %d, found %v", kind, maxWeight, weights)
			}
		}
		all[i] = newBuckets(weights)
	}
	return newCodebook(int(dim), centroids, starts, all), nil
}

// MarshalBinary returns the projection in the form that ParseProjection reads.
func (p *Projection) MarshalBinary() ([]byte, error) {
	w := writer(magicProjection)
	w.integers(versionProjection, p.from, p.to)
	w.numbers(p.rows)
	return w, nil
}

// ParseProjection reads what MarshalBinary wrote. Bytes that it can't have
// written are an error.
func ParseProjection(data []byte) (*Projection, error) {
	p, err := parseProjection(reader{data: data})
	if err != nil {
		return nil, fmt.Errorf("codec: projection: %w", err)
	}
	return p, nil
}

func parseProjection(r reader) (*Projection, error) {
	if err := r.header(magicProjection, versionProjection); err != nil {
		return nil, err
	}
	from, to := r.integer(), r.integer()
	if from < 1 || from > maxProjected || to < 1 || to > from {
		return nil, fmt.Errorf("expected from 1 to %d dimensions to no more than these, found from %d to %d", maxProjected, from, to)
	}
	if err := r.end(from * to); err != nil {
		return nil, err
	}
	rows, err := r.rows(to, from)
	if err != nil {
		return nil, fmt.Errorf("row %w", err)
	}
	return newProjection(int(from), int(to), rows), nil
}

// writer collects values in their binary form.
type writer []byte

func (w *writer) integers(values ...int) {
	for _, v := range values {
		*w = binary.LittleEndian.AppendUint32(*w, uint32(v))
	}
}

func (w *writer) numbers(values []float32) {
	for _, v := range values {
		*w = binary.LittleEndian.AppendUint32(*w, math.Float32bits(v))
	}
}

var errShort = errors.New("the data end too early")

// reader takes values off the front of data. Callers see to it that there are
// enough, except that integers beyond the end are 0.
type reader struct{ data []byte }

func (r *reader) left() int64 { return int64(len(r.data)) }

func (r *reader) header(magic string, version int64) error {
	if len(r.data) < len(magic) || string(r.data[:len(magic)]) != magic {
		return fmt.Errorf("magic: expected %q, found %q", magic, r.data[:min(len(magic), len(r.data))])
	}
	r.data = r.data[len(magic):]
	if found := r.integer(); found != version {
		return fmt.Errorf("version: expected %d, found %d", version, found)
	}
	return nil
}

func (r *reader) integer() int64 {
	if len(r.data) < 4 {
		r.data = nil
		return 0
	}
	v := binary.LittleEndian.Uint32(r.data)
	r.data = r.data[4:]
	return int64(v)
}

// end checks that exactly that many numbers are left.
func (r *reader) end(numbers int64) error {
	switch {
	case r.left() < 4*numbers:
		return errShort
	case r.left() > 4*numbers:
		return fmt.Errorf("%d bytes after the end", r.left()-4*numbers)
	}
	return nil
}

func (r *reader) numbers(n int64) []float32 {
	values := make([]float32, n)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(r.data[4*i:]))
	}
	r.data = r.data[4*n:]
	return values
}

// rows reads [n, dim] rows that are not longer than unit vectors.
func (r *reader) rows(n, dim int64) ([]float32, error) {
	values := r.numbers(n * dim)
	for i := range n {
		var squares float64
		for _, v := range values[i*dim:][:dim] {
			squares += float64(v) * float64(v)
		}
		if !(squares <= longest*longest) {
			return nil, fmt.Errorf("%d: expected a length of at most 1, found the square %v", i, squares)
		}
	}
	return values, nil
}
