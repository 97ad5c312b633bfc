package weights

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/bits"
	"slices"
	"unicode/utf8"

	"github.com/toller-search/toller/infer/simd"
)

// The format is that of https://github.com/huggingface/safetensors: eight
// bytes header length, the JSON header, the data.

// Limits on a header, so that what is built from it stays small beside the
// file itself. maxHeader is the reference implementation's own.
const (
	maxHeader   = 100_000_000
	maxTensors  = 4096
	maxMetadata = 1024
	maxRank     = 8
)

// metadataKey is the header's one key that names no tensor.
const metadataKey = "__metadata__"

// lfsPointer starts the text that stands in for a file that Git LFS has not
// fetched.
var lfsPointer = []byte("version https://git-lfs")

// file is a parsed safetensors file. It aliases the bytes that it was parsed
// from.
type file struct {
	tensors  []Tensor          // in the order of their data
	buffers  []Buffer          // likewise
	metadata map[string][]byte // undecoded: for unquote
}

// names are those of all that the file holds.
func (f *file) names() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, t := range f.tensors {
			if !yield(t.Name) {
				return
			}
		}
		for _, b := range f.buffers {
			if !yield(b.Name) {
				return
			}
		}
	}
}

// entry is what the header says of one tensor.
type entry struct {
	name       string
	dtype      simd.DType
	buffer     string // the type of integers, which have no dtype; "" for weights
	size       int    // bytes of an element
	shape      []int
	begin, end int // in the data section
}

// parseFile checks and parses the content of a safetensors file: everything
// but the values of the weights.
func parseFile(content []byte) (*file, error) {
	if len(content) < 8 {
		return nil, fmt.Errorf("%d bytes are too few for a safetensors file", len(content))
	}
	if bytes.HasPrefix(content, lfsPointer) {
		return nil, errors.New("this is a Git LFS pointer and not the weights; fetch them with: git lfs pull")
	}
	length := binary.LittleEndian.Uint64(content)
	rest := content[8:]
	if length > uint64(len(rest)) {
		return nil, fmt.Errorf("header length %d exceeds the %d bytes after it: truncated, or not a safetensors file", length, len(rest))
	}
	if length > maxHeader {
		return nil, fmt.Errorf("header length %d exceeds the %d bytes allowed", length, maxHeader)
	}
	text, data := rest[:length], rest[length:]
	if !bytes.HasPrefix(text, []byte("{")) {
		return nil, errors.New("the header does not start with '{': not a safetensors file")
	}
	if !utf8.Valid(text) {
		return nil, errors.New("the header is not valid UTF-8")
	}
	entries, metadata, err := parseHeader(newHeader(text))
	if err != nil {
		return nil, err
	}
	f := &file{metadata: metadata}
	if err := f.lay(entries, data); err != nil {
		return nil, err
	}
	return f, nil
}

// parseHeader reads a whole header.
func parseHeader(h *header) ([]entry, map[string][]byte, error) {
	var entries []entry
	var metadata map[string][]byte
	seen := map[string]bool{}
	err := h.object(func(name string) error {
		if seen[name] {
			return h.errorf("second entry for %q", name)
		}
		seen[name] = true
		if name == metadataKey {
			var err error
			metadata, err = parseMetadata(h)
			return err
		}
		if len(entries) == maxTensors {
			return h.errorf("more than %d tensors", maxTensors)
		}
		e, err := parseEntry(h, name)
		entries = append(entries, e)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return entries, metadata, h.end()
}

// parseMetadata reads the value of __metadata__: an object of strings.
func parseMetadata(h *header) (map[string][]byte, error) {
	metadata := map[string][]byte{}
	err := h.object(func(key string) error {
		if _, ok := metadata[key]; ok {
			return h.errorf("%s: second value for %q", metadataKey, key)
		}
		if len(metadata) == maxMetadata {
			return h.errorf("%s: more than %d strings", metadataKey, maxMetadata)
		}
		raw, err := h.literal()
		if err != nil {
			return fmt.Errorf("%s: %q: %w", metadataKey, key, err)
		}
		metadata[key] = raw
		return nil
	})
	return metadata, err
}

// parseEntry reads the value of a tensor's key.
func parseEntry(h *header, name string) (entry, error) {
	var dtype string
	var shape, offsets []int
	err := h.object(func(field string) (err error) {
		switch {
		case field == "dtype" && dtype == "":
			dtype, err = h.name()
		case field == "shape" && shape == nil:
			shape, err = h.integers(maxRank)
		case field == "data_offsets" && offsets == nil:
			offsets, err = h.integers(2)
		default:
			return h.errorf("unknown or repeated field %q", field)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", field, err)
		}
		return nil
	})
	if err != nil {
		return entry{}, fmt.Errorf("tensor %q: %w", name, err)
	}
	if dtype == "" || shape == nil || len(offsets) != 2 {
		return entry{}, fmt.Errorf("tensor %q: expected dtype, shape and two data_offsets, found dtype %q, shape %d, data_offsets %d", name, dtype, shape, offsets)
	}
	e := entry{name: name, shape: shape, begin: offsets[0], end: offsets[1]}
	if size, ok := bufferTypes[dtype]; ok {
		e.buffer, e.size = dtype, size
		return e, nil
	}
	if e.dtype, err = parseDType(dtype); err != nil {
		return entry{}, fmt.Errorf("tensor %q: %w", name, err)
	}
	e.size = e.dtype.Size()
	return e, nil
}

// kind is the name of the entry's type.
func (e entry) kind() string {
	if e.buffer != "" {
		return e.buffer
	}
	return e.dtype.String()
}

// lay checks that the entries tile data exactly, each with the bytes that its
// shape calls for, and makes the tensors and buffers of them.
func (f *file) lay(entries []entry, data []byte) error {
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	f.tensors = make([]Tensor, 0, len(entries))
	covered, last := 0, ""
	for _, e := range entries {
		size, ok := byteSize(e.shape, e.size)
		switch {
		case e.begin > e.end:
			return fmt.Errorf("tensor %q: data_offsets [%d %d] are in the wrong order", e.name, e.begin, e.end)
		case e.end > len(data):
			return fmt.Errorf("tensor %q: data_offsets [%d %d] exceed the %d bytes of data: truncated?", e.name, e.begin, e.end, len(data))
		case !ok:
			return fmt.Errorf("tensor %q: the size of shape %d overflows", e.name, e.shape)
		case size != e.end-e.begin:
			return fmt.Errorf("tensor %q: shape %d of %s takes %d bytes, data_offsets [%d %d] give it %d", e.name, e.shape, e.kind(), size, e.begin, e.end, e.end-e.begin)
		case e.begin < covered:
			return fmt.Errorf("tensor %q: data_offsets [%d %d] overlap %q, which ends at %d", e.name, e.begin, e.end, last, covered)
		case e.begin > covered:
			return fmt.Errorf("tensor %q: data_offsets [%d %d] leave a gap after byte %d", e.name, e.begin, e.end, covered)
		}
		if e.buffer != "" {
			f.buffers = append(f.buffers, Buffer{Name: e.name, Type: e.buffer, Shape: e.shape})
		} else {
			f.tensors = append(f.tensors, Tensor{Name: e.name, DType: e.dtype, Shape: e.shape, Data: data[e.begin:e.end:e.end]})
		}
		covered, last = e.end, e.name
	}
	if covered != len(data) {
		return fmt.Errorf("%d of the %d bytes of data belong to no tensor", len(data)-covered, len(data))
	}
	return nil
}

// byteSize returns the bytes that a tensor takes, with so many to an element; ok
// is false if that, or the product of some leading sizes, overflows an int.
func byteSize(shape []int, element int) (size int, ok bool) {
	product := uint64(element)
	for _, n := range shape {
		high, low := bits.Mul64(product, uint64(n))
		if high != 0 || low > math.MaxInt {
			return 0, false
		}
		product = low
	}
	return int(product), true
}
