package weights

import "github.com/toller-search/toller/infer/simd"

// Tensor is one named array of a checkpoint, row-major and little-endian.
// Its Shape and Data are shared with the checkpoint and must not be written.
type Tensor struct {
	Name  string
	DType simd.DType
	Shape []int  // no negative sizes; empty for a scalar
	Data  []byte // Len()*DType.Size() bytes at any alignment
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

// Float32s returns a copy of the elements, widened to float32 without loss.
func (t Tensor) Float32s() []float32 {
	widened := make([]float32, t.Len())
	simd.Widen(widened, t.DType, t.Data)
	return widened
}
