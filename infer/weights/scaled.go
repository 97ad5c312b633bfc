package weights

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"path"
	"slices"

	"github.com/toller-search/toller/infer/simd"
)

// Tensors in I8 are tables [rows, cols] of signed bytes with a number for each
// row: a file has the bytes under the tensor's name and the numbers, [rows] in
// any format of floating-point numbers, under that name with scaleSuffix.
const scaleSuffix = ".scale"

// maxScale is the largest scale that no byte makes infinite.
const maxScale = math.MaxFloat32 / 128

// joinScales takes the scales out of a module's tensors and puts them into the
// tensors that they belong to.
func joinScales(module string, tensors map[string]Tensor) error {
	for _, name := range slices.Sorted(maps.Keys(tensors)) {
		t := tensors[name]
		if t.DType != simd.I8 {
			continue
		}
		full := path.Join(module, name)
		if len(t.Shape) != 2 {
			return fmt.Errorf("tensor %q in I8: expected a table of two sizes, found shape %d", full, t.Shape)
		}
		s, ok := tensors[name+scaleSuffix]
		if !ok {
			return fmt.Errorf("tensor %q in I8: expected its rows' scales in %q, found no such tensor", full, full+scaleSuffix)
		}
		if s.DType == simd.I8 || !slices.Equal(s.Shape, t.Shape[:1]) {
			return fmt.Errorf("tensor %q: expected shape %d in F32, F16 or BF16 for the rows of %q, found %d in %v", full+scaleSuffix, t.Shape[:1], full, s.Shape, s.DType)
		}
		t.Scales = s.Float32s()
		for i, v := range t.Scales {
			if !(v >= 0 && v <= maxScale) {
				return fmt.Errorf("tensor %q: row %d: expected a scale from 0 to %v, found %v", full+scaleSuffix, i, float32(maxScale), v)
			}
		}
		tensors[name] = t
		delete(tensors, name+scaleSuffix)
	}
	return nil
}

// rowScales returns the scales that rows of a table are written in I8 with: the
// largest value of a row becomes ±127. A row of values too small for that, down
// to zeros, becomes zeros.
func (t Tensor) rowScales() []float32 {
	if t.DType == simd.I8 {
		return t.Scales
	}
	const smallest = 1e-30 // its inverse is still a number
	cols := t.Shape[1]
	scales, row := make([]float32, t.Shape[0]), make([]float32, cols)
	for r := range scales {
		t.Values(row, r*cols)
		var largest float32
		for _, v := range row {
			largest = max(largest, v, -v)
		}
		if largest >= smallest {
			scales[r] = min(largest/127, maxScale)
		}
	}
	return scales
}

// quantize is convert to I8, row by row.
func (o output) quantize(emit func(first int, converted []byte) error) error {
	cols := o.Shape[1]
	row, codes := make([]float32, cols), make([]byte, cols)
	for r, scale := range o.scales {
		clear(row)
		if scale > 0 {
			o.Values(row, r*cols)
			for i := range row {
				row[i] /= scale
			}
		}
		simd.Narrow(codes, simd.I8, row)
		if err := emit(r*cols, codes); err != nil {
			return err
		}
	}
	return nil
}

// scaleTensor is the tensor of a table's scales in a file.
func scaleTensor(name string, scales []float32) Tensor {
	data := make([]byte, 0, 4*len(scales))
	for _, v := range scales {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return Tensor{Name: name + scaleSuffix, DType: simd.F32, Shape: []int{len(scales)}, Data: data}
}
