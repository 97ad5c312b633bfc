package weights

import "github.com/toller-search/toller/infer/simd"

// Tensor is one named array of a checkpoint, row-major and little-endian.
// What it refers to is shared with the checkpoint and must not be written.
type Tensor struct {
	Name  string
	DType simd.DType
	Shape []int  // no negative sizes; empty for a scalar
	Data  []byte // Len()*DType.Size() bytes at any alignment

	// Scales are what the bytes of each row are to be multiplied by, for a tensor
	// [rows, cols] in I8; nil in other formats.
	Scales []float32 // [rows]
}

// Buffer names an array of integers or truth values, such as the position
// numbers that old checkpoints carry. It holds no weights: it is listed, so that
// whoever doesn't know it can refuse it, and otherwise left alone.
type Buffer struct {
	Name  string
	Type  string // in safetensors' terms: "I64", "BOOL", ...
	Shape []int
}

// Len returns the number of elements.
func (t Tensor) Len() int {
	return len(t.Data) / t.DType.Size()
}

// Float32s returns a copy of the elements, widened to float32 without loss but
// for the product with a scale, which is rounded.
func (t Tensor) Float32s() []float32 {
	widened := make([]float32, t.Len())
	t.Values(widened, 0)
	return widened
}

// Values writes the len(dst) elements from first on to dst, as Float32s gives
// them.
func (t Tensor) Values(dst []float32, first int) {
	size := t.DType.Size()
	data := t.Data[first*size:][:len(dst)*size]
	if t.DType != simd.I8 {
		simd.Widen(dst, t.DType, data)
		return
	}
	for cols := t.Shape[1]; len(dst) > 0; {
		r, c := first/cols, first%cols
		n := min(cols-c, len(dst))
		simd.DecodeInt8(dst[:n], data[:n], t.Scales[r:][:1], n)
		dst, data, first = dst[n:], data[n:], first+n
	}
}
