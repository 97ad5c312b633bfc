package weights

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/toller-search/toller/infer/simd"
)

// dataAlignment is where the data of a file start: at a multiple of a cache
// line, for who reads vectors straight from the mapping.
const dataAlignment = 64

// Write writes tensors as one safetensors file, such as the model.safetensors
// of a module, sorted by the names that they have as keys and converted to the
// type given, rounded to nearest even. The same tensors always give the same
// bytes.
//
// What [Open] would refuse is an error that names the tensor: data that don't
// fit the shape, a weight that is not finite or too large for the type. Errors
// other than w's own come before anything is written.
func Write(w io.Writer, tensors map[string]Tensor, to simd.DType) error {
	if err := checkFloat(to); err != nil {
		return fmt.Errorf("weights: %w", err)
	}
	var list []Tensor
	var outputs []output
	for _, name := range slices.Sorted(maps.Keys(tensors)) {
		t := tensors[name]
		t.Name = name
		if _, err := parseDType(t.DType.String()); err != nil {
			return fmt.Errorf("weights: tensor %q: %w", name, err)
		}
		negative := slices.ContainsFunc(t.Shape, func(n int) bool { return n < 0 })
		if size, ok := byteSize(t.Shape, t.DType.Size()); negative || !ok || size != len(t.Data) {
			return fmt.Errorf("weights: tensor %q: shape %d of %v doesn't take the %d bytes that it has", name, t.Shape, t.DType, len(t.Data))
		}
		if t.DType == simd.I8 && (len(t.Shape) != 2 || len(t.Scales) != t.Shape[0]) {
			return fmt.Errorf("weights: tensor %q: shape %d of I8 doesn't take the %d scales that it has", name, t.Shape, len(t.Scales))
		}
		list = append(list, t)
		outputs = append(outputs, output{Tensor: t, to: to})
	}
	if err := checkFinite(list); err != nil {
		return fmt.Errorf("weights: %w", err)
	}
	if err := writeTensors(w, nil, outputs); err != nil {
		return fmt.Errorf("weights: %w", err)
	}
	return nil
}

// output is a tensor and the type that it is written in.
type output struct {
	Tensor
	to     simd.DType
	scales []float32 // of its rows, where that is I8
}

// writeTensors writes a safetensors file with the tensors in the order given.
func writeTensors(w io.Writer, metadata map[string]string, list []output) error {
	head, err := fileHeader(metadata, list)
	if err != nil {
		return err
	}
	for _, o := range list {
		if err := o.checkRange(); err != nil {
			return err
		}
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	for _, o := range list {
		err := o.convert(func(_ int, converted []byte) error {
			_, err := w.Write(converted)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// fileHeader returns what stands before the data of a safetensors file.
func fileHeader(metadata map[string]string, list []output) ([]byte, error) {
	type place struct {
		DType   string `json:"dtype"`
		Shape   []int  `json:"shape"`
		Offsets [2]int `json:"data_offsets"`
	}
	members := map[string]any{} // encoded sorted by key
	if metadata != nil {
		members[metadataKey] = metadata
	}
	offset := 0
	for _, o := range list {
		end := offset + o.Len()*o.to.Size()
		members[o.Name] = place{o.to.String(), append([]int{}, o.Shape...), [2]int{offset, end}}
		offset = end
	}
	var head bytes.Buffer
	head.Write(make([]byte, 8)) // for the length
	encoder := json.NewEncoder(&head)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(members); err != nil {
		return nil, err
	}
	for head.Len()%dataAlignment != 0 {
		head.WriteByte(' ')
	}
	text := head.Bytes()[8:]
	binary.LittleEndian.PutUint64(head.Bytes(), uint64(len(text)))
	if len(text) > maxHeader {
		return nil, fmt.Errorf("the header would have %d bytes, more than the %d allowed", len(text), maxHeader)
	}
	// Nothing is written that could not be opened.
	if _, _, err := parseHeader(newHeader(text)); err != nil {
		return nil, fmt.Errorf("does not fit one file: %w", err)
	}
	return head.Bytes(), nil
}

// checkRange refuses a tensor with values that its type can't hold.
func (o output) checkRange() error {
	if o.to == o.DType || o.to == simd.F32 || o.to == simd.I8 {
		return nil
	}
	return o.convert(func(first int, converted []byte) error {
		i := nonFinite(o.to, converted)
		if i < 0 {
			return nil
		}
		i += first
		var value [1]float32
		o.Values(value[:], i)
		return fmt.Errorf("tensor %q of shape %d: element %d is %v, too large for %v", o.Name, o.Shape, i, value[0], o.to)
	})
}

// convert calls emit with the elements in the type that they are written in,
// chunk by chunk, and the index of each chunk's first element. emit must not
// keep or write the chunk.
func (o output) convert(emit func(first int, converted []byte) error) error {
	if o.DType == o.to {
		return emit(0, o.Data)
	}
	if o.to == simd.I8 {
		return o.quantize(emit)
	}
	const chunk = 16 << 10 // elements, so that both buffers stay in the cache
	n := o.Len()
	wide := make([]float32, min(n, chunk))
	converted := make([]byte, len(wide)*o.to.Size())
	for first := 0; first < n; first += chunk {
		count := min(n-first, chunk)
		o.Values(wide[:count], first)
		simd.Narrow(converted, o.to, wide[:count])
		if err := emit(first, converted[:count*o.to.Size()]); err != nil {
			return err
		}
	}
	return nil
}
